"""The network service's networks and floating IPs under the names that old clients know.

API reference: "Networks (os-networks)", "Project networks (os-tenant-networks)", "Floating IPs
(os-floating-ips)", all deprecated, up to version 2.35; the server actions up to 2.43.
"""

from typing import Any

import msgspec

from pilvi.compute.api.old_names import conflicts_are_bad_requests
from pilvi.compute.api.servers import get_called
from pilvi.core.http import Call
from pilvi.network.model.network import Network
from pilvi.network.operations import server_addresses as operations
from pilvi.network.operations.floating_ips import delete_floatingip
from pilvi.network.operations.server_addresses import FloatingOverview

_UNKNOWN = (
    "bridge",
    "bridge_interface",
    "broadcast",
    "cidr",
    "cidr_v6",
    "created_at",
    "deleted",
    "deleted_at",
    "dhcp_server",
    "dhcp_start",
    "dns1",
    "dns2",
    "enable_dhcp",
    "gateway",
    "gateway_v6",
    "host",
    "injected",
    "mtu",
    "multi_host",
    "netmask",
    "netmask_v6",
    "priority",
    "project_id",
    "rxtx_base",
    "share_address",
    "updated_at",
    "vlan",
    "vpn_private_address",
    "vpn_public_address",
    "vpn_public_port",
)
"""What Nova says nothing of when networks are the network service's."""


class Pool(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST os-floating-ips."""

    pool: str | None = None


class FloatingAddress(msgspec.Struct):
    """Body below `addFloatingIp`; Nova accepts other fields."""

    address: str
    fixed_address: str | None = None


class OldFloatingAddress(msgspec.Struct):
    """Body below `removeFloatingIp`; Nova accepts other fields."""

    address: str


async def list_old_networks(call: Call[None]) -> dict[str, Any]:
    """The networks that the project's servers may be in."""
    found = await operations.list_project_networks(call.tx, call.caller)
    return {"networks": [_render_network(network) for network in found]}


async def show_old_network(call: Call[None]) -> dict[str, Any]:
    """One network."""
    found = await operations.get_network(call.tx, call.caller, call.path["network_id"])
    return {"network": _render_network(found)}


async def list_tenant_networks(call: Call[None]) -> dict[str, Any]:
    """The networks that the project's servers may be in, briefly."""
    found = await operations.list_project_networks(call.tx, call.caller)
    return {"networks": [_render_briefly(network) for network in found]}


async def show_tenant_network(call: Call[None]) -> dict[str, Any]:
    """One network, briefly."""
    found = await operations.get_network(call.tx, call.caller, call.path["network_id"])
    return {"network": _render_briefly(found)}


async def list_floating_ip_pools(call: Call[None]) -> dict[str, Any]:
    """The networks that floating IPs come from."""
    found = await operations.list_pools(call.tx, call.caller)
    return {"floating_ip_pools": [{"name": network.name} for network in found]}


async def list_floating_ips(call: Call[None]) -> dict[str, Any]:
    """The project's floating IPs."""
    found = await operations.list_floating_overviews(call.tx, call.caller)
    return {"floating_ips": [_render_floating(one) for one in found]}


async def show_floating_ip(call: Call[None]) -> dict[str, Any]:
    """One floating IP."""
    id = call.path["floatingip_id"]
    return {
        "floating_ip": _render_floating(
            await operations.get_floating_overview(call.tx, call.caller, id)
        )
    }


async def create_floating_ip(call: Call[Pool | None]) -> dict[str, Any]:
    """Take a floating IP from a pool."""
    pool = None if call.payload is None else call.payload.pool
    found = await operations.take_floating_ip(call.tx, call.caller, pool)
    return {"floating_ip": _render_floating(found)}


async def delete_floating_ip(call: Call[None]) -> None:
    """Give a floating IP back."""
    await delete_floatingip(call.tx, call.caller, call.path["floatingip_id"])


async def add_floating_ip(call: Call[FloatingAddress]) -> None:
    """Let a floating IP stand for a server's address."""
    server, wanted = await get_called(call), call.payload
    with conflicts_are_bad_requests():
        await operations.associate(
            call.tx, call.caller, server.id, wanted.address, wanted.fixed_address
        )


async def remove_floating_ip(call: Call[OldFloatingAddress]) -> None:
    """Take a floating IP away from a server."""
    server, address = await get_called(call), call.payload.address
    await operations.disassociate(call.tx, call.caller, server.id, address)


def _render_network(network: Network) -> dict[str, Any]:
    return {**dict.fromkeys(_UNKNOWN), "id": network.id, "label": network.name}


def _render_briefly(network: Network) -> dict[str, Any]:
    return {"id": network.id, "label": network.name, "cidr": "None"}


def _render_floating(found: FloatingOverview) -> dict[str, Any]:
    floating = found.floating
    return {
        "id": floating.id,
        "ip": floating.address,
        "fixed_ip": floating.fixed_address,
        "instance_id": found.server_id,
        "pool": found.pool,
    }
