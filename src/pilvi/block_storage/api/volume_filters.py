"""Which volumes a list is asked for."""

import ast
import datetime
from typing import Any

from pilvi.block_storage.api.views import read_word
from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.store.volume_metadata import MetadataKind
from pilvi.block_storage.store.volumes import VolumeFilter
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest

VOLUME_FILTERS = (
    "name",
    "status",
    "metadata",
    "bootable",
    "migration_status",
    "availability_zone",
    "group_id",
    "size",
    "volume_type",
    "user_id",
    "glance_metadata",
    "created_at",
    "updated_at",
    "consumes_quota",
)
_PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "with_count", "all_tenants")
# Filter that a version brought, by its flag there.
_SINCE = {
    "glance_metadata": "glance_metadata_filter",
    "group_id": "group_filter",
    "created_at": "time_filters",
    "updated_at": "time_filters",
    "consumes_quota": "consumes_quota",
}
_NEVER = ("migration_status",)
"""What no volume of this cloud has."""
# Characters of an object in a query. Lower: long filters are refused; higher: slow to read.
LITERAL_LENGTH_MAX = 4096


def read_filter(call: Call[Any]) -> VolumeFilter:
    """The filter of a request. Raises `InvalidRequest` for what cannot be read.

    What is unknown is ignored before the version that refuses it, as Cinder does.
    """
    equal: dict[str, Any] = {}
    like: dict[str, str] = {}
    metadata: dict[tuple[str, str], str] = {}
    times: list[tuple[str, str, datetime.datetime]] = []
    volume_type, is_nothing = None, False
    for name, text in call.query.multi_items():
        if name in _PAGING or name == "project_id":
            continue
        if name == "name~" and "like_filters" in call.flags:
            like["name"] = text
        elif not _is_known(call, name):
            if "strict_filters" in call.flags:
                raise InvalidRequest(f"cannot filter by '{name}': {', '.join(VOLUME_FILTERS)}")
        elif name in ("metadata", "glance_metadata"):
            kind = MetadataKind.USER if name == "metadata" else MetadataKind.IMAGE
            for key, value in read_literal(name, text).items():
                metadata[(kind, key)] = value
        elif name in ("created_at", "updated_at"):
            times += read_times(name, text)
        elif name == "volume_type":
            volume_type = text
        elif name in _NEVER:
            is_nothing = True
        elif name == "consumes_quota":
            is_nothing = is_nothing or not read_word(call, name)
        else:
            equal.update(_read_equal(call, name, text))
    return VolumeFilter(
        project_id=_read_project(call),
        equal=equal,
        like=like,
        metadata=metadata,
        times=times,
        volume_type=volume_type,
        is_nothing=is_nothing,
    )


def _is_known(call: Call[Any], name: str) -> bool:
    needed = _SINCE.get(name)
    return name in VOLUME_FILTERS and (needed is None or needed in call.flags)


def _read_equal(call: Call[Any], name: str, text: str) -> dict[str, Any]:
    if name == "bootable":
        return {name: read_word(call, name)}
    if name == "status":
        return {name: text.lower() if text.lower() in set(VolumeStatus) else text}
    if name == "size":
        size_gib = parse_whole(text, digits_max=9)
        if size_gib is None:
            raise InvalidRequest(f"cannot filter by size '{text}': it is a whole number of GiB")
        return {"size_gib": size_gib}
    return {name: text}


def _read_project(call: Call[Any]) -> str | None:
    """Whose volumes: one's own, or with all_tenants an admin's choice."""
    if call.caller.is_admin and read_word(call, "all_tenants"):
        return call.query.get("project_id") or None
    return call.caller.own_project_id


def read_literal(name: str, text: str) -> dict[str, str]:
    """`{'key': 'value'}`, as clients print an object. Raises `InvalidRequest`."""
    value: Any = None
    if len(text) <= LITERAL_LENGTH_MAX:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
    if not isinstance(value, dict) or not all(
        isinstance(part, str) for pair in value.items() for part in pair
    ):
        raise InvalidRequest(f"cannot read {name}: it looks like {{'key': 'value'}}")
    return value


def read_times(name: str, text: str) -> list[tuple[str, str, datetime.datetime]]:
    """`gt:2026-01-01T00:00:00,lt:…`; a moment alone is meant exactly."""
    found = []
    for part in text.split(","):
        comparison, _, moment = part.partition(":")
        if comparison not in ("gt", "gte", "eq", "neq", "lt", "lte"):
            comparison, moment = "eq", part
        try:
            parsed = datetime.datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidRequest(f"cannot read the time '{moment}' in {name}") from None
        found.append((name, comparison, parsed.replace(tzinfo=parsed.tzinfo or datetime.UTC)))
    return found
