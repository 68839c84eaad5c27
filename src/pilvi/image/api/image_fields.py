"""What a caller may set of an image: attributes of a type, and properties of any name."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http.bodies import convert
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.image.model.image import ContainerFormat, DiskFormat, Visibility

Text255 = Annotated[str, msgspec.Meta(max_length=255)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PROPERTY_BYTES_MAX = 65_535

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


def split_fields(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A body's checked attributes and properties."""
    fields = check_fields({name: body[name] for name in body if name in FIELDS})
    properties = {name: body[name] for name in body if name not in FIELDS}
    for name, value in properties.items():
        check_settable(name)
        check_property(name, value)
    return fields, properties


def check_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Attributes with values of their types. Raises `InvalidRequest`."""
    checked = convert(given, ImageFields)
    for value in (checked.name, checked.owner, *(checked.tags or ())):
        refuse_nul(value)
    return {name: getattr(checked, name) for name in given}


def check_settable(name: str) -> None:
    """Raise `Forbidden` for a name that callers may not set. Pure."""
    if name in READ_ONLY:
        raise Forbidden(f"cannot set '{name}': it is read-only")
    if name in _RESERVED or name.startswith(_RESERVED_PREFIX):
        raise Forbidden(f"cannot use '{name}': the name is reserved")


def check_property(name: str, value: Any) -> None:
    """Raise `InvalidRequest` for what no property can be. Pure."""
    if not 1 <= len(name) <= 255:
        raise InvalidRequest("cannot use a property name that is not 1 to 255 characters long")
    if not isinstance(value, str) or len(value.encode()) > PROPERTY_BYTES_MAX:
        raise InvalidRequest(
            f"cannot use the value of the property '{name}': it must be a string of at most "
            f"{PROPERTY_BYTES_MAX} bytes"
        )
    refuse_nul(name)
    refuse_nul(value)


def refuse_nul(value: Any) -> None:
    """Raise `InvalidRequest` for a text that PostgreSQL cannot keep. Pure."""
    if isinstance(value, str) and "\0" in value:
        raise InvalidRequest("cannot use a text with a zero byte in it")
