"""Images: wire types, and the handlers of one image."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.core.http.dispatch import convert
from pilvi.errors import Forbidden, InvalidRequest, UnsupportedMediaType
from pilvi.image.api.faults import PATCH_TYPE
from pilvi.image.model.changes import Change, ChangeKind
from pilvi.image.model.image import (
    Action,
    ContainerFormat,
    DiskFormat,
    Image,
    Viewer,
    Visibility,
)
from pilvi.image.operations import images as operations

Text255 = Annotated[str, msgspec.Meta(max_length=255)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PROPERTY_BYTES_MAX = 65_535
IMPORT_METHODS = ("glance-direct",)

READ_ONLY = frozenset(
    {
        "checksum",
        "created_at",
        "direct_url",
        "file",
        "locations",
        "os_hash_algo",
        "os_hash_value",
        "pilvi_fault",
        "schema",
        "self",
        "size",
        "status",
        "stores",
        "updated_at",
        "virtual_size",
    }
)
_RESERVED = frozenset({"location", "deleted", "deleted_at"})
_RESERVED_PREFIX = "os_glance"


class ImageFields(msgspec.Struct, kw_only=True):
    """What a caller may set besides properties."""

    id: Annotated[str, msgspec.Meta(pattern=_UUID)] | msgspec.UnsetType = msgspec.UNSET
    name: Text255 | None | msgspec.UnsetType = msgspec.UNSET
    owner: Text255 | None | msgspec.UnsetType = msgspec.UNSET
    visibility: Visibility | msgspec.UnsetType = msgspec.UNSET
    protected: bool | msgspec.UnsetType = msgspec.UNSET
    os_hidden: bool | msgspec.UnsetType = msgspec.UNSET
    disk_format: DiskFormat | None | msgspec.UnsetType = msgspec.UNSET
    container_format: ContainerFormat | None | msgspec.UnsetType = msgspec.UNSET
    min_disk: Amount | msgspec.UnsetType = msgspec.UNSET
    min_ram: Amount | msgspec.UnsetType = msgspec.UNSET
    tags: list[Text255] | msgspec.UnsetType = msgspec.UNSET


FIELDS = frozenset(ImageFields.__struct_fields__)


def viewer(call: Call[Any]) -> Viewer:
    """Who looks, from the verified token."""
    return Viewer(call.caller.project_id or "", is_admin=call.caller.is_admin)


def render_image(image: Image) -> dict[str, Any]:
    """An image as the API shows it: its properties stand beside its attributes."""
    path = f"/v2/images/{image.id}"
    fault = {} if image.fault is None else {"pilvi_fault": image.fault}
    return {
        **image.properties,
        **fault,
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "owner": image.owner,
        "protected": image.protected,
        "os_hidden": image.hidden,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "size": image.size_bytes,
        "virtual_size": image.virtual_size_bytes,
        "checksum": image.checksum,
        "os_hash_algo": None if image.sha512 is None else "sha512",
        "os_hash_value": image.sha512,
        "tags": list(image.tags),
        "created_at": f"{image.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{image.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "self": path,
        "file": f"{path}/file",
        "schema": "/v2/schemas/image",
    }


async def create_image(call: Call[dict[str, Any]]) -> Reply:
    """A new record without bytes."""
    fields, properties = _split(call.payload)
    image = await operations.create_image(call.tx, viewer(call), fields, properties)
    headers = {
        "location": f"{call.service_url}/images/{image.id}",
        "openstack-image-import-methods": ",".join(IMPORT_METHODS),
    }
    return Reply(render_image(image), headers=headers)


async def show_image(call: Call[None]) -> dict[str, Any]:
    """One image."""
    return render_image(await operations.show_image(call.tx, viewer(call), call.path["image_id"]))


async def update_image(call: Call[list[Any]]) -> dict[str, Any]:
    """Change an image by a list of operations."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip()
    if content_type != PATCH_TYPE:
        raise UnsupportedMediaType(f"cannot read a change of type '{content_type}': {PATCH_TYPE}")
    changes = [_parse_change(raw) for raw in call.payload]
    who = viewer(call)
    image = await operations.update_image(call.tx, who, call.path["image_id"], changes)
    return render_image(image)


async def delete_image(call: Call[None]) -> None:
    """Remove an image."""
    await operations.delete_image(call.tx, viewer(call), call.path["image_id"])


async def deactivate_image(call: Call[None]) -> None:
    """Forbid the use of an image's bytes."""
    await operations.change_status(call.tx, viewer(call), call.path["image_id"], Action.DEACTIVATE)


async def reactivate_image(call: Call[None]) -> None:
    """Allow the use of an image's bytes again."""
    await operations.change_status(call.tx, viewer(call), call.path["image_id"], Action.REACTIVATE)


async def add_tag(call: Call[None]) -> None:
    """Give an image a tag."""
    tag = convert(call.path["tag_value"], Text255)
    _refuse_nul(tag)
    await operations.add_tag(call.tx, viewer(call), call.path["image_id"], tag)


async def remove_tag(call: Call[None]) -> None:
    """Take a tag away."""
    await operations.remove_tag(
        call.tx, viewer(call), call.path["image_id"], call.path["tag_value"]
    )


def _split(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A body's checked attributes and properties."""
    fields = _check_fields({name: body[name] for name in body if name in FIELDS})
    properties = {name: body[name] for name in body if name not in FIELDS}
    for name, value in properties.items():
        _check_settable(name)
        _check_property(name, value)
    return fields, properties


def _check_fields(given: dict[str, Any]) -> dict[str, Any]:
    checked = convert(given, ImageFields)
    for value in (checked.name, checked.owner, *(checked.tags or ())):
        _refuse_nul(value)
    return {name: getattr(checked, name) for name in given}


def _check_settable(name: str) -> None:
    if name in READ_ONLY:
        raise Forbidden(f"cannot set '{name}': it is read-only")
    if name in _RESERVED or name.startswith(_RESERVED_PREFIX):
        raise Forbidden(f"cannot use '{name}': the name is reserved")


def _check_property(name: str, value: Any) -> None:
    if not 1 <= len(name) <= 255:
        raise InvalidRequest("cannot use a property name that is not 1 to 255 characters long")
    if not isinstance(value, str) or len(value.encode()) > PROPERTY_BYTES_MAX:
        raise InvalidRequest(
            f"cannot use the value of the property '{name}': it must be a string of at most "
            f"{PROPERTY_BYTES_MAX} bytes"
        )
    _refuse_nul(name)
    _refuse_nul(value)


def _refuse_nul(value: Any) -> None:
    if isinstance(value, str) and "\0" in value:
        raise InvalidRequest("cannot use a text with a zero byte in it")


def _parse_change(raw: Any) -> Change:
    """One operation of a JSON patch (RFC 6902), on one attribute or property."""
    if not isinstance(raw, dict):
        raise InvalidRequest("cannot read the change: each operation must be an object")
    if raw.get("op") not in list(ChangeKind):
        raise InvalidRequest("cannot read the change: 'op' must be add, replace or remove")
    kind, name = ChangeKind(raw["op"]), _parse_pointer(raw.get("path"))
    if name == "id":
        raise Forbidden("cannot set 'id': it is read-only")
    _check_settable(name)
    if kind is ChangeKind.REMOVE:
        return Change(kind, name)
    if "value" not in raw:
        raise InvalidRequest(f"cannot {kind} '{name}': the operation has no 'value'")
    value = raw["value"]
    if name in FIELDS:
        return Change(kind, name, _check_fields({name: value})[name])
    _check_property(name, value)
    return Change(kind, name, value)


def _parse_pointer(pointer: Any) -> str:
    """The one name in a JSON pointer (RFC 6901)."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) < 2:
        raise InvalidRequest("cannot read the change: 'path' must be '/' and a name")
    if "/" in pointer[1:]:
        raise InvalidRequest(f"cannot change '{pointer}': only whole attributes can be changed")
    return pointer[1:].replace("~1", "/").replace("~0", "~")
