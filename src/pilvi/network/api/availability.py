"""How many addresses are left on each network."""

from collections.abc import Sequence
from typing import Any

from pilvi.core.http import Call
from pilvi.network.api.listing import parse_listing
from pilvi.network.model.address import count_addresses
from pilvi.network.model.network import Network, Subnet
from pilvi.network.store import networks, subnets


async def _render(call: Call[Any], found: Sequence[Network]) -> list[dict[str, Any]]:
    there = await subnets.list_subnets_of(call.tx, [network.id for network in found])
    used = await subnets.count_addresses(call.tx, [subnet.id for subnet in there])
    bodies = []
    for network in found:
        rows = [
            _render_subnet(subnet, used.get(subnet.id, 0))
            for subnet in there
            if subnet.network_id == network.id
        ]
        bodies.append(
            {
                "network_id": network.id,
                "network_name": network.name,
                "project_id": network.project_id,
                "tenant_id": network.project_id,
                "total_ips": sum(row["total_ips"] for row in rows),
                "used_ips": sum(row["used_ips"] for row in rows),
                "subnet_ip_availability": rows,
            }
        )
    return bodies


def _render_subnet(subnet: Subnet, used: int) -> dict[str, Any]:
    return {
        "subnet_id": subnet.id,
        "subnet_name": subnet.name,
        "cidr": subnet.cidr,
        "ip_version": subnet.ip_version,
        "total_ips": count_addresses(subnet.pools),
        "used_ips": used,
    }


async def list_network_ip_availabilities(call: Call[None]) -> dict[str, Any]:
    """Every network with what is given and what could be; filters as of networks."""
    renamed = {"network_id": "id", "network_name": "name"}
    listing = parse_listing(call)
    values = {
        renamed.get(name, name): value
        for name, value in listing.values.items()
        if name != "ip_version"
    }
    wanted = type(listing)(project_id=listing.project_id, values=values)
    found, _ = await networks.list_networks(call.tx, wanted)
    return {"network_ip_availabilities": await _render(call, found)}


async def show_network_ip_availability(call: Call[None]) -> dict[str, Any]:
    """One network with what is given and what could be."""
    id, project_id = call.path["network_id"], call.caller.visible_project_id
    found = await networks.get_network(call.tx, id, project_id)
    return {"network_ip_availability": (await _render(call, [found]))[0]}
