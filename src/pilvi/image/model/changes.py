"""Changes of one image, as a PATCH asks for them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pilvi.errors import Conflict, Forbidden, InvalidRequest, QuotaExceeded
from pilvi.image.model.image import Image, Status, Visibility
from pilvi.image.model.quota import IMAGE_QUOTA

ATTRIBUTES = {
    "name": "name",
    "visibility": "visibility",
    "protected": "protected",
    "os_hidden": "hidden",
    "disk_format": "disk_format",
    "container_format": "container_format",
    "min_disk": "min_disk_gib",
    "min_ram": "min_ram_mib",
    "owner": "owner",
    "tags": "tags",
}
"""Wire names of what a caller may set, each with its name here; all else is a property."""
_FORMATS = ("disk_format", "container_format")


class ChangeKind(StrEnum):
    """The operations of JSON patch that images know."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One operation on one attribute or property; `value` is already of the right type."""

    kind: ChangeKind
    name: str
    value: Any = None


def apply_changes(image: Image, changes: Iterable[Change], *, is_admin: bool) -> Image:
    """The image after the changes, in order. Pure.

    Raises `Forbidden` for what this caller or this status does not allow, `Conflict` for a
    property that is not there, `QuotaExceeded` for too many properties or tags.
    """
    for change in changes:
        if change.name in ATTRIBUTES:
            image = _set_attribute(image, change, is_admin)
        else:
            image = _set_property(image, change)
    check_image_quota(image)
    return image


def check_visibility(visibility: Visibility, *, is_admin: bool) -> None:
    """Raise `Forbidden` unless the caller may give an image this visibility. Pure."""
    if visibility is Visibility.PUBLIC and not is_admin:
        raise Forbidden(
            "cannot make the image public: only an admin may; use visibility private, shared or "
            "community"
        )


def check_image_quota(image: Image) -> None:
    """Raise `QuotaExceeded` for an image with too many properties or tags. Pure."""
    for name, count in (("properties", len(image.properties)), ("tags", len(image.tags))):
        if count > IMAGE_QUOTA[name]:
            raise QuotaExceeded(
                f"cannot give the image {count} {name}: at most {IMAGE_QUOTA[name]} are allowed"
            )


def _set_attribute(image: Image, change: Change, is_admin: bool) -> Image:
    name, value = change.name, change.value
    if change.kind is ChangeKind.REMOVE:
        raise Forbidden(f"cannot remove '{name}': every image has it; replace its value instead")
    if name == "owner":
        if not is_admin:
            raise Forbidden("cannot change the owner of the image: only an admin may")
        if not value:
            raise InvalidRequest("cannot leave the image without an owner; name a project")
    if name == "visibility":
        check_visibility(value, is_admin=is_admin)
    if name in _FORMATS and image.status is not Status.QUEUED:
        raise Forbidden(
            f"cannot change '{name}': the image is '{image.status}' and not 'queued' any more; "
            "create another image"
        )
    if name == "tags":
        value = tuple(sorted(set(value)))
    changed: dict[str, Any] = {ATTRIBUTES[name]: value}
    return replace(image, **changed)


def _set_property(image: Image, change: Change) -> Image:
    properties = dict(image.properties)
    if change.kind is not ChangeKind.ADD and change.name not in properties:
        raise Conflict(f"cannot {change.kind} '{change.name}': the image has no such property")
    if change.kind is ChangeKind.REMOVE:
        del properties[change.name]
    else:
        properties[change.name] = change.value
    return replace(image, properties=properties)
