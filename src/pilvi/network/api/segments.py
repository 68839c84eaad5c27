"""Segments: every network has one, which has the network's id (Neutron API, "Segments")."""

from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.network.api.faults import refuse
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, print_time, require
from pilvi.network.model.network import PHYSICAL_NETWORK, Network
from pilvi.network.operations import segments as operations
from pilvi.network.store import networks


class SegmentFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a segment is made of."""

    network_id: Id | Absent = ABSENT
    network_type: str | Absent = ABSENT
    physical_network: str | None | Absent = ABSENT
    segmentation_id: int | None | Absent = ABSENT
    name: Name | None | Absent = ABSENT
    description: Name | None | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class SegmentBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    segment: SegmentFields


def _render(network: Network) -> dict[str, Any]:
    return {
        "id": network.id,
        "network_id": network.id,
        "name": network.segment_name,
        "description": network.segment_description,
        "network_type": network.network_type,
        "physical_network": PHYSICAL_NETWORK if network.is_uplink else None,
        "segmentation_id": None if network.is_uplink else network.segment,
        "revision_number": network.generation,
        "created_at": print_time(network.created_at),
        "updated_at": print_time(network.updated_at),
    }


async def list_segments(call: Call[None]) -> dict[str, Any]:
    """Every network's segment."""
    found, more = await networks.list_segments(call.tx, parse_listing(call))
    return page_of(call, "segments", [_render(network) for network in found], more)


async def show_segment(call: Call[Any]) -> dict[str, Any]:
    """One network's segment."""
    found = await networks.get_network(call.tx, call.path["segment_id"], None)
    return {"segment": select_fields(call, _render(found))}


async def create_segment(call: Call[SegmentBody]) -> Reply:
    """Refused: a network has the one segment that comes with it."""
    values = given(call.payload.segment)
    require(values, "network_id", "network_type")
    network = await networks.get_network(call.tx, values["network_id"], None)
    return refuse(
        f"cannot add a segment to network {network.id}: networks of this cloud have the one "
        "segment that comes with them; make another network and a router between the two"
    )


async def update_segment(call: Call[SegmentBody]) -> dict[str, Any]:
    """Name or describe a segment."""
    fixed: dict[str, Any] = dict.fromkeys(
        ("network_id", "network_type", "physical_network", "segmentation_id", "project_id"), ()
    )
    values = given(call.payload.segment, fixed)
    await operations.update_segment(call.tx, call.path["segment_id"], values)
    return await show_segment(call)


async def delete_segment(call: Call[None]) -> Reply:
    """Refused: the segment goes with its network."""
    network = await networks.get_network(call.tx, call.path["segment_id"], None)
    return refuse(
        f"cannot delete segment {network.id}: it is the only one of its network; delete the network"
    )
