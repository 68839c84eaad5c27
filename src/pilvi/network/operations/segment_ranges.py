"""Ranges of segmentation ids, and the choice of one. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.network import SEGMENT_MAX, NetworkType
from pilvi.network.model.segment_range import SegmentRange
from pilvi.network.store import networks
from pilvi.network.store import segment_ranges as store
from pilvi.network.store.tags import delete_tags


async def create_segment_range(tx: Transaction, values: Mapping[str, Any]) -> str:
    """A new range; returns its id. Raises what is wrong with the values."""
    network_type = values["network_type"]
    if network_type != NetworkType.VXLAN:
        raise InvalidRequest(
            f"cannot make a range for networks of type '{network_type}'; use {NetworkType.VXLAN}"
        )
    if values.get("physical_network"):
        raise InvalidRequest("cannot put a range of VXLAN ids on a physical network")
    is_shared = values.get("is_shared", True)
    project_id = "" if is_shared else values.get("project_id") or ""
    if not is_shared and not project_id:
        raise InvalidRequest("cannot make a range that is not shared without its project_id")
    await _check(tx, values["minimum"], values["maximum"], None)
    id, moment = str(uuid.uuid4()), now()
    await store.insert_range(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        is_shared=is_shared,
        network_type=NetworkType.VXLAN,
        minimum=values["minimum"],
        maximum=values["maximum"],
        created_at=moment,
        updated_at=moment,
    )
    return id


async def _check(tx: Transaction, minimum: int, maximum: int, own_id: str | None) -> None:
    if not 1 <= minimum <= maximum <= SEGMENT_MAX:
        raise InvalidRequest(
            f"cannot use the range {minimum} to {maximum}: it lies within 1 to {SEGMENT_MAX}"
        )
    others = [id for id in await store.list_overlapping(tx, minimum, maximum) if id != own_id]
    if others:
        raise Conflict(f"cannot use the range {minimum} to {maximum}: {others[0]} overlaps with it")


async def update_segment_range(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Rename or resize a range. Raises `Conflict` when networks would lose their ids' range."""
    found = await store.get_range(tx, id, None)
    minimum = values.get("minimum", found.minimum)
    maximum = values.get("maximum", found.maximum)
    await _check(tx, minimum, maximum, found.id)
    lost = [n for n in await store.list_used(tx, [found.span]) if not minimum <= n <= maximum]
    if lost:
        raise Conflict(f"cannot resize range {found.id}: a network has its id {lost[0]}")
    changed = {"generation": found.generation + 1, "updated_at": now()}
    await store.update_range(tx, found.id, **values, **changed)


async def delete_segment_range(tx: Transaction, id: str) -> None:
    """Forget a range. Raises `Conflict` while a network has an id of it."""
    found = await store.get_range(tx, id, None)
    used = await store.list_used(tx, [found.span])
    if used:
        raise Conflict(f"cannot delete range {found.id}: a network has its id {min(used)}")
    await delete_tags(tx, [found.id])
    await store.delete_range(tx, found.id)


async def choose_segmentation_id(tx: Transaction, project_id: str, kind: NetworkType) -> int:
    """A free id for a new network of a project. Raises `Conflict` when there is none.

    A flat network only has a number on the hosts, which is in no range.
    """
    ranges = await store.list_all(tx)
    if kind is NetworkType.FLAT:
        return await networks.choose_segment(tx, [one.span for one in ranges])
    own = [one for one in ranges if one.project_id == project_id and not one.is_shared]
    shared = [one for one in ranges if one.is_shared]
    for among in (own, shared):
        found = await _first_free(tx, among)
        if found is not None:
            return found
    if shared:
        raise Conflict(
            "cannot make another network: every segmentation id of the ranges for this project "
            "is taken; an admin can widen a network segment range"
        )
    return await networks.choose_segment(tx, [one.span for one in ranges])


async def _first_free(tx: Transaction, ranges: list[SegmentRange]) -> int | None:
    for one in ranges:
        taken = await networks.list_segments_within(tx, one.span)
        if len(taken) <= one.maximum - one.minimum:
            return next(n for n in range(one.minimum, one.maximum + 1) if n not in taken)
    return None
