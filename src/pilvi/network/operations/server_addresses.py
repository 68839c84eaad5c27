"""Floating IPs of whole servers, found by their address. In the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.network import Network
from pilvi.network.model.router import FloatingIp
from pilvi.network.operations.floating_ips import create_floatingip, update_floatingip
from pilvi.network.store import floating_ips, networks, ports
from pilvi.network.store.listing import Listing


@dataclass(frozen=True, slots=True)
class FloatingOverview:
    """A floating IP, the network that it is from, and the server that has it."""

    floating: FloatingIp
    pool: str
    server_id: str | None


async def list_pools(tx: Transaction, caller: Caller) -> list[Network]:
    """The networks that floating IPs come from."""
    listing = Listing(project_id=caller.visible_project_id, values={"router:external": ["true"]})
    found, _ = await networks.list_networks(tx, listing)
    return found


async def list_project_networks(tx: Transaction, caller: Caller) -> list[Network]:
    """The networks that a project's servers may be in."""
    found, _ = await networks.list_networks(tx, Listing(project_id=caller.project_id or ""))
    return found


async def get_network(tx: Transaction, caller: Caller, id: str) -> Network:
    """One network that the caller may see. Raises `NotFound`."""
    return await networks.get_network(tx, id, caller.visible_project_id)


async def list_floating_overviews(tx: Transaction, caller: Caller) -> list[FloatingOverview]:
    """A project's floating IPs."""
    listing = Listing(project_id=caller.project_id or "")
    found, _ = await floating_ips.list_floating_ips(tx, listing)
    return await _overlook(tx, found)


async def get_floating_overview(tx: Transaction, caller: Caller, id: str) -> FloatingOverview:
    """One floating IP that the caller may see. Raises `NotFound`."""
    floating = await floating_ips.get_floating_ip(tx, id, caller.visible_project_id)
    (found,) = await _overlook(tx, [floating])
    return found


async def take_floating_ip(tx: Transaction, caller: Caller, pool: str | None) -> FloatingOverview:
    """A new floating IP from a pool, by name or id; None is the first. Raises `NotFound`."""
    pools = await list_pools(tx, caller)
    wanted = next((one for one in pools if pool in (None, one.id, one.name)), None)
    if wanted is None:
        raise NotFound(f"cannot find the floating IP pool '{pool}'")
    id = await create_floatingip(tx, caller, {"floating_network_id": wanted.id})
    return await get_floating_overview(tx, caller, id)


async def associate(
    tx: Transaction, caller: Caller, server_id: str, address: str, fixed_address: str | None
) -> None:
    """Let a floating IP stand for a server's address: of its first port that has one."""
    found = await _find(tx, caller, address)
    for port in await ports.list_ports_of_server(tx, server_id):
        addresses = [one.address for one in port.fixed_ips if ":" not in one.address]
        chosen = fixed_address or (addresses[0] if addresses else None)
        if chosen in addresses:
            wanted = {"port_id": port.id, "fixed_address": chosen}
            await update_floatingip(tx, caller, found.floating.id, wanted)
            return
    raise InvalidRequest("cannot associate the floating IP: the server has no such address")


async def disassociate(tx: Transaction, caller: Caller, server_id: str, address: str) -> None:
    """Let a floating IP of a server stand for nothing. Raises `NotFound`, `Conflict`."""
    found = await _find(tx, caller, address)
    if found.server_id != server_id:
        raise Conflict(f"cannot take floating IP {address} away: the server does not have it")
    await update_floatingip(tx, caller, found.floating.id, {"port_id": None})


async def _find(tx: Transaction, caller: Caller, address: str) -> FloatingOverview:
    for one in await list_floating_overviews(tx, caller):
        if one.floating.address == address:
            return one
    raise NotFound(f"cannot find the floating IP '{address}'")


async def _overlook(tx: Transaction, found: Sequence[FloatingIp]) -> list[FloatingOverview]:
    pools = await networks.list_networks_by_id(tx, {one.floating_network_id for one in found})
    rows = []
    for one in found:
        port = None if one.port_id is None else await ports.get_port(tx, one.port_id, None)
        server_id = None if port is None or not port.is_guest else port.device_id
        rows.append(FloatingOverview(one, pools[one.floating_network_id].name, server_id or None))
    return rows
