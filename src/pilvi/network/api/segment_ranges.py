"""Ranges of segmentation ids: which numbers networks of which projects get."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.segment_range import AVAILABLE_MAX, SegmentRange
from pilvi.network.operations import segment_ranges as operations
from pilvi.network.store import segment_ranges as store
from pilvi.network.store.tags import list_tags


class SegmentRangeFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a range is made of."""

    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    is_shared: bool | Absent = msgspec.field(default=ABSENT, name="shared")
    project_id: Id | None | Absent = ABSENT
    tenant_id: Id | None | Absent = ABSENT
    network_type: str | Absent = ABSENT
    physical_network: str | None | Absent = ABSENT
    minimum: int | Absent = ABSENT
    maximum: int | Absent = ABSENT


class SegmentRangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    network_segment_range: SegmentRangeFields


async def _render(call: Call[Any], found: Sequence[SegmentRange]) -> list[dict[str, Any]]:
    tags = await list_tags(call.tx, [one.id for one in found])
    used = await store.list_used(call.tx, [one.span for one in found])
    return [_render_one(one, tags.get(one.id, ()), used) for one in found]


def _render_one(one: SegmentRange, tags: Sequence[str], used: dict[int, str]) -> dict[str, Any]:
    numbers = range(one.minimum, one.maximum + 1)
    return {
        **render_common(one, tags),
        "project_id": one.project_id or None,
        "tenant_id": one.project_id or None,
        "name": one.name,
        "default": False,
        "shared": one.is_shared,
        "network_type": one.network_type,
        "physical_network": None,
        "minimum": one.minimum,
        "maximum": one.maximum,
        "used": {str(number): used[number] for number in sorted(used) if number in numbers},
        "available": list(islice((n for n in numbers if n not in used), AVAILABLE_MAX)),
    }


async def list_network_segment_ranges(call: Call[None]) -> dict[str, Any]:
    """Every range; of a wide one, the first free numbers."""
    found, more = await store.list_ranges(call.tx, parse_listing(call))
    return page_of(call, "network_segment_ranges", await _render(call, found), more)


async def show_network_segment_range(call: Call[None]) -> dict[str, Any]:
    """One range with what is free and what is used of it."""
    return await _show(call, call.path["network_segment_range_id"])


async def _show(call: Call[Any], id: str) -> dict[str, Any]:
    found = await store.get_range(call.tx, id, call.caller.visible_project_id)
    return {"network_segment_range": select_fields(call, (await _render(call, [found]))[0])}


async def create_network_segment_range(call: Call[SegmentRangeBody]) -> dict[str, Any]:
    """A new range."""
    values = given(call.payload.network_segment_range)
    require(values, "network_type", "minimum", "maximum")
    return await _show(call, await operations.create_segment_range(call.tx, values))


async def update_network_segment_range(call: Call[SegmentRangeBody]) -> dict[str, Any]:
    """Rename or resize a range."""
    fixed = dict.fromkeys(("is_shared", "project_id", "network_type", "physical_network"), ())
    values = given(call.payload.network_segment_range, fixed)
    id = call.path["network_segment_range_id"]
    await operations.update_segment_range(call.tx, id, values)
    return await _show(call, id)


async def delete_network_segment_range(call: Call[None]) -> None:
    """Remove a range of which no number is used."""
    await operations.delete_segment_range(call.tx, call.path["network_segment_range_id"])
