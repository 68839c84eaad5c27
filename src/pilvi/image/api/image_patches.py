"""Changes of an image: JSON patches as the API had them first, and as RFC 6902 has them."""

from collections.abc import Iterable
from typing import Any

from pilvi.errors import Forbidden, InvalidRequest
from pilvi.image.api.faults import OLD_PATCH_TYPE
from pilvi.image.api.image_fields import FIELDS, check_fields, check_property, check_settable
from pilvi.image.model.changes import Change, ChangeKind

_WHOLE_LISTS = frozenset({"locations"})
# What an image shows at times and nobody sets. To set one property openstacksdk removes every
# other that it has no name for; so removing these asks for nothing.
_SHOWN_AT_TIMES = frozenset(
    {"stores", "pilvi_fault", "os_glance_importing_to_stores", "os_glance_failed_import"}
)


def parse_changes(raw: Iterable[Any], content_type: str) -> list[Change]:
    """The operations of a patch, each on one attribute or property.

    Raises `InvalidRequest`, or `Forbidden` for what nobody may set.
    """
    is_old = content_type == OLD_PATCH_TYPE
    operations = [_renew(one) if is_old else one for one in raw]
    return [_parse_change(one) for one in operations if not _asks_nothing(one)]


def _asks_nothing(raw: Any) -> bool:
    if not isinstance(raw, dict) or raw.get("op") != ChangeKind.REMOVE:
        return False
    path = raw.get("path")
    return isinstance(path, str) and path.removeprefix("/") in _SHOWN_AT_TIMES


def _renew(raw: Any) -> Any:
    """An operation of the first draft, {"replace": "/name", "value": …}, as RFC 6902 has it."""
    if not isinstance(raw, dict):
        return raw
    named = [kind for kind in ChangeKind if kind in raw]
    if len(named) != 1:
        raise InvalidRequest(
            "cannot read the change: each operation has one of add, replace and remove"
        )
    others = {name: value for name, value in raw.items() if name != named[0]}
    return {**others, "op": named[0].value, "path": raw[named[0]]}


def _parse_change(raw: Any) -> Change:
    """One operation of a JSON patch (RFC 6902), on one attribute or property."""
    if not isinstance(raw, dict):
        raise InvalidRequest("cannot read the change: each operation must be an object")
    if raw.get("op") not in list(ChangeKind):
        raise InvalidRequest("cannot read the change: 'op' must be add, replace or remove")
    kind, name = ChangeKind(raw["op"]), _parse_pointer(raw.get("path"))
    if name == "id":
        raise Forbidden("cannot set 'id': it is read-only")
    check_settable(name)
    if kind is ChangeKind.REMOVE:
        return Change(kind, name)
    if "value" not in raw:
        raise InvalidRequest(f"cannot {kind} '{name}': the operation has no 'value'")
    value = raw["value"]
    if name in FIELDS:
        return Change(kind, name, check_fields({name: value})[name])
    check_property(name, value)
    return Change(kind, name, value)


def _parse_pointer(pointer: Any) -> str:
    """The one name in a JSON pointer (RFC 6901)."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) < 2:
        raise InvalidRequest("cannot read the change: 'path' must be '/' and a name")
    if pointer[1:].partition("/")[0] in _WHOLE_LISTS:
        raise Forbidden("cannot change the locations of an image: upload or import its data")
    if "/" in pointer[1:]:
        raise InvalidRequest(f"cannot change '{pointer}': only whole attributes can be changed")
    return pointer[1:].replace("~1", "/").replace("~0", "~")
