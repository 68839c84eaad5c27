"""What is computed from other things: pools of floating IPs, and the network that a project is
given when it asks for one."""

from typing import Any

from pilvi.core.http import Call
from pilvi.network.model.flavor import L3_DRIVER, L3_SERVICE
from pilvi.network.operations import topologies as operations
from pilvi.network.store import networks, subnets
from pilvi.network.store.listing import Listing


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
    """Who provides what: routers, in the one way that there is."""
    rows = [{"service_type": L3_SERVICE, "name": L3_DRIVER, "default": True}]
    wanted = {name: call.query.getlist(name) for name in rows[0] if name in call.query}
    return {
        "service_providers": [
            row
            for row in rows
            if all(str(row[name]).lower() in map(str.lower, v) for name, v in wanted.items())
        ]
    }
