"""What is computed from other things: segments, pools of floating IPs, and the network that a
project is given when it asks for one."""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import print_time
from pilvi.network.model.network import PHYSICAL_NETWORK, Network
from pilvi.network.operations import topologies as operations
from pilvi.network.store import networks, subnets
from pilvi.network.store.listing import Listing


def _segment(network: Network) -> dict[str, Any]:
    """A network's only segment; it has the network's id."""
    return {
        "id": network.id,
        "network_id": network.id,
        "name": "",
        "description": "",
        "network_type": network.network_type,
        "physical_network": PHYSICAL_NETWORK if network.is_uplink else None,
        "segmentation_id": None if network.is_uplink else network.segment,
        "revision_number": network.generation,
        "created_at": print_time(network.created_at),
        "updated_at": print_time(network.updated_at),
    }


_SEGMENT_FILTERS = {
    "id": "id",
    "network_id": "id",
    "network_type": "provider:network_type",
    "physical_network": "provider:physical_network",
    "segmentation_id": "provider:segmentation_id",
}


async def list_segments(call: Call[None]) -> dict[str, Any]:
    """Every network's segment."""
    asked = parse_listing(call)
    for name in asked.values:
        if name not in _SEGMENT_FILTERS:
            known = ", ".join(sorted(_SEGMENT_FILTERS))
            raise InvalidRequest(f"cannot filter by '{name}'; use one of: {known}")
    values = {_SEGMENT_FILTERS[name]: found for name, found in asked.values.items()}
    listing = Listing(project_id=asked.project_id, page=asked.page, values=values)
    found, more = await networks.list_networks(call.tx, listing)
    return page_of(call, "segments", [_segment(network) for network in found], more)


async def show_segment(call: Call[None]) -> dict[str, Any]:
    """One network's segment."""
    found = await networks.get_network(call.tx, call.path["segment_id"], None)
    return {"segment": select_fields(call, _segment(found))}


async def list_floatingip_pools(call: Call[None]) -> dict[str, Any]:
    """The IPv4 subnets that floating IPs may come from."""
    listing = Listing(
        project_id=call.caller.visible_project_id, values={"router:external": ["true"]}
    )
    outside, _ = await networks.list_networks(call.tx, listing)
    there = await subnets.list_subnets_of(call.tx, [network.id for network in outside])
    pools = [
        {
            "subnet_id": subnet.id,
            "subnet_name": subnet.name,
            "cidr": subnet.cidr,
            "network_id": subnet.network_id,
            "project_id": subnet.project_id,
            "tenant_id": subnet.project_id,
        }
        for subnet in there
        if subnet.ip_version == 4
    ]
    return {"floatingip_pools": pools}


async def show_auto_allocated_topology(call: Call[None]) -> dict[str, Any]:
    """The project's network, made with its router on the first call; with `fields=dry-run` only
    whether it could be made."""
    project_id = operations.choose_topology_project(call.caller, call.path["topology_project_id"])
    if "dry-run" in call.query.getlist("fields"):
        async with call.db.read() as tx:
            await operations.check_topology(tx, call.caller, project_id)
        return {"auto_allocated_topology": {"id": "dry-run=pass", "tenant_id": project_id}}
    async with call.db.write() as tx:
        id = await operations.ensure_topology(tx, call.caller, project_id)
    return {"auto_allocated_topology": {"id": id, "tenant_id": project_id}}


async def delete_auto_allocated_topology(call: Call[None]) -> None:
    """Remove the network and the router that were made for a project."""
    project_id = operations.choose_topology_project(call.caller, call.path["topology_project_id"])
    await operations.delete_topology(call.tx, call.caller, project_id)


async def list_service_providers(call: Call[None]) -> dict[str, Any]:
    """Services with a choice of providers: none."""
    return {"service_providers": []}
