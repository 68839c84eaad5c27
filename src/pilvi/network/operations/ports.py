"""Ports as servers use them: what compute calls. In the caller's transaction.

A server owns ports through `server_id`, never through what a tenant wrote into `device_id`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, InvalidRequest
from pilvi.host_api.contract import Kind
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import abandon
from pilvi.hosts.operations.hosts import get_host
from pilvi.network.model.address import is_host, parse_address, to_number
from pilvi.network.model.network import Network, Subnet
from pilvi.network.model.network_data import build_network_data
from pilvi.network.model.port import COMPUTE, AskedIp, Port
from pilvi.network.model.request import NetworkRequest, ServerPort
from pilvi.network.operations.addresses import AddressWish, choose_fixed_ips
from pilvi.network.operations.port_life import choose_mac, make_port, remove_port
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.security_groups import resolve_groups
from pilvi.network.operations.sharing import may_use_network
from pilvi.network.operations.wakes import PORT, touch_networks, touch_ports
from pilvi.network.store import networks, ports, server_ports, subnets


async def check_requests(
    tx: Transaction,
    project_id: str,
    requests: Sequence[NetworkRequest] | None,
    security_groups: Sequence[str] | None,
    *,
    is_admin: bool,
) -> list[NetworkRequest]:
    """What a new server's network cards are to be, checked; None means the project's network.

    Raises `InvalidRequest` for what is not there or does not fit (as Nova, which answers 400),
    `Conflict` for a port that is in use, an address that is given or a choice that is open,
    `Forbidden` for an external network.
    """
    if security_groups:
        await resolve_groups(tx, project_id, security_groups)
    if requests is None:
        return await _choose_network(tx, project_id)
    seen_ports = [r.port_id for r in requests if r.port_id is not None]
    if len(set(seen_ports)) != len(seen_ports):
        raise InvalidRequest("cannot use the same port twice for one server")
    for request in requests:
        if request.port_id is not None:
            await _check_port(tx, project_id, request, is_admin=is_admin)
        elif request.network_id is not None:
            await _check_network(tx, project_id, request, is_admin=is_admin)
        else:
            raise InvalidRequest("cannot use a network request that names no network and no port")
    return list(requests)


async def _choose_network(tx: Transaction, project_id: str) -> list[NetworkRequest]:
    usable = await networks.list_usable_networks(tx, project_id)
    own = [network for network in usable if network.project_id == project_id]
    among = own or usable
    if len(among) > 1:
        names = ", ".join(sorted(f"{n.name or 'unnamed'} ({n.id})" for n in among))
        raise Conflict(
            f"cannot choose a network: multiple possible networks found, use a Network ID to be "
            f"more specific: {names}"
        )
    for network in among:
        await _require_subnet(tx, network)
    return [NetworkRequest(network_id=network.id) for network in among]


async def _require_subnet(tx: Transaction, network: Network) -> list[Subnet]:
    there = await subnets.list_subnets_of(tx, [network.id])
    if not there:
        raise InvalidRequest(
            f"cannot use network {network.id}: it requires a subnet in order to boot servers on"
        )
    return there


async def _check_network(
    tx: Transaction, project_id: str, request: NetworkRequest, *, is_admin: bool
) -> None:
    visible = None if is_admin else project_id
    assert request.network_id is not None
    network = await networks.find_network(tx, request.network_id, visible)
    if network is None:
        raise InvalidRequest(f"cannot find the network '{request.network_id}'")
    if not await may_use_network(tx, network, visible):
        raise Forbidden(f"cannot attach a server to the external network {network.id}")
    there = await _require_subnet(tx, network)
    if request.fixed_ip is None:
        return
    if not is_admin and network.project_id != project_id:
        raise Forbidden("cannot choose an address on a network of another project")
    address = parse_address(request.fixed_ip, "fixed_ip")
    home = next((s for s in there if is_host(s.network, address)), None)
    if home is None:
        raise InvalidRequest(f"cannot use fixed IP {address}: it is in no subnet of {network.id}")
    number = to_number(address)
    if await subnets.list_used_numbers(tx, home.id, (number, number)):
        raise InvalidRequest(f"cannot use fixed IP {address}: it is already in use")


async def _check_port(
    tx: Transaction, project_id: str, request: NetworkRequest, *, is_admin: bool
) -> None:
    assert request.port_id is not None
    port = await ports.find_port(tx, request.port_id, None if is_admin else project_id)
    if port is None or (not is_admin and port.project_id != project_id):
        raise InvalidRequest(f"cannot find the port '{request.port_id}'")
    if request.fixed_ip is not None:
        raise InvalidRequest("cannot choose a fixed_ip for a port that is there already")
    _require_free(port)
    if not port.fixed_ips:
        raise InvalidRequest(f"cannot use port {port.id}: it requires a fixed IP")


def _require_free(port: Port) -> None:
    if port.server_id or port.device_id or port.router_id or not port.is_guest:
        raise Conflict(f"cannot use port {port.id}: it is still in use")


async def claim_ports(
    tx: Transaction,
    *,
    server_id: str,
    project_id: str,
    hostname: str,
    requests: Sequence[NetworkRequest],
    security_groups: Sequence[str] | None,
) -> list[Port]:
    """The ports of a server, made or taken as its requests say, in their order.

    Repeatable: what was claimed before is kept. Raises `Conflict`, `QuotaExceeded`, `NoCapacity`
    when no address is left.
    """
    there = {port.claim_order for port in await ports.list_ports_of_server(tx, server_id)}
    new = {order: r for order, r in enumerate(requests) if order not in there}
    claim = Claim(server_id, project_id, hostname)
    await _claim(tx, claim, new, security_groups)
    claimed = await ports.list_ports_of_server(tx, server_id)
    return [port for port in claimed if not port.is_deleting]


@dataclass(frozen=True, slots=True)
class Claim:
    """For which server ports are claimed."""

    server_id: str
    project_id: str
    hostname: str

    def columns(self, order: int) -> dict[str, Any]:
        """What a claimed port says of its server."""
        return {
            "server_id": self.server_id,
            "device_id": self.server_id,
            "device_owner": COMPUTE,
            "hostname": self.hostname,
            "claim_order": order,
        }


async def _claim(
    tx: Transaction,
    claim: Claim,
    requests: Mapping[int, NetworkRequest],
    security_groups: Sequence[str] | None,
) -> None:
    """Make or take a port for each request, by its place in the server's order."""
    for order, request in requests.items():
        if request.port_id is not None:
            await _take_port(tx, request.port_id, claim.columns(order))
    making = {order: r for order, r in requests.items() if r.port_id is None}
    if not making:
        return
    ids = {r.network_id for r in making.values() if r.network_id is not None}
    await check_quota(tx, claim.project_id, "port", len(making))
    found = await networks.list_networks_by_id(tx, ids)
    subnets_there = await subnets.list_subnets_of(tx, ids)
    groups = await resolve_groups(tx, claim.project_id, security_groups)
    for order, request in making.items():
        network = found.get(request.network_id or "")
        if network is None or network.is_deleting:
            raise Conflict(f"cannot make a port on network {request.network_id}: it is gone")
        among = [subnet for subnet in subnets_there if subnet.network_id == network.id]
        mac = await choose_mac(tx, network.id)
        asked = None if request.fixed_ip is None else [AskedIp(address=request.fixed_ip)]
        await make_port(
            tx,
            network,
            await choose_fixed_ips(tx, among, AddressWish(mac, asked)),
            groups if network.port_security_enabled else [],
            **claim.columns(order),
            mac=mac,
            project_id=claim.project_id,
            is_claimed=True,
            port_security_enabled=network.port_security_enabled,
        )


async def _take_port(tx: Transaction, port_id: str, values: dict[str, Any]) -> None:
    port = await ports.find_port(tx, port_id)
    if port is None:
        raise Conflict(f"cannot use port {port_id}: it is gone")
    _require_free(port)
    await ports.update_port(tx, port.id, **values, updated_at=now())
    await touch_ports(tx, port.id)
    await touch_networks(tx, port.network_id)


async def bind_ports(tx: Transaction, server_id: str, host_id: str) -> None:
    """Name the host that carries a server's ports. Repeatable."""
    mine = [p for p in await ports.list_ports_of_server(tx, server_id) if not p.is_deleting]
    if all(port.host_id == host_id for port in mine):
        return
    host = await get_host(tx, HostId(host_id))
    await ports.update_ports_of_server(tx, server_id, host_id=host.id, host_name=host.name)
    for port in mine:
        tx.wake(PORT, port.id)
    await touch_networks(tx, *{port.network_id for port in mine})


async def unbind_ports(tx: Transaction, server_id: str) -> None:
    """Take a server's ports from every host; they stay the server's. Repeatable."""
    mine = [p for p in await ports.list_ports_of_server(tx, server_id) if not p.is_deleting]
    if all(port.host_id is None for port in mine):
        return
    await ports.update_ports_of_server(tx, server_id, host_id=None, host_name="")
    for port in mine:
        tx.wake(PORT, port.id)
    await touch_networks(tx, *{port.network_id for port in mine})


async def abandon_ports(tx: Transaction, server_id: str, host_id: str) -> None:
    """Take a server's ports from a host that is down, which learns of it when it is back."""
    for port in await ports.list_ports_of_server(tx, server_id):
        if port.is_deleting or port.held_host_id != host_id:
            continue
        await abandon(tx, Kind.PORT, port.id, HostId(host_id))
        await ports.update_port(tx, port.id, held_host_id=None)
        tx.wake(PORT, port.id)


async def release_ports(tx: Transaction, server_id: str) -> bool:
    """A server needs its ports no more: those made for it go, others become free.

    Repeatable. Returns whether nothing of them is left on any host.
    """
    left = False
    for port in await ports.list_ports_of_server(tx, server_id):
        left = not await _release(tx, port) or left
    return not left


async def _release(tx: Transaction, port: Port) -> bool:
    """Whether a port is free of its server."""
    if port.is_claimed or port.is_deleting:
        return await remove_port(tx, port)
    if port.held_host_id is not None:
        if port.host_id is not None:
            await ports.update_port(tx, port.id, host_id=None, host_name="")
            await touch_ports(tx, port.id)
        return False
    free = {"server_id": None, "claim_order": None, "device_id": "", "device_owner": ""}
    unbound = {"host_id": None, "host_name": "", "hostname": "", "updated_at": now()}
    await ports.update_port(tx, port.id, **free, **unbound)
    await touch_ports(tx, port.id)
    await touch_networks(tx, port.network_id)
    return True


async def attach_port(tx: Transaction, server_id: str, port_id: str) -> Port:
    """Give a server a port that is there, last in its order. Raises `Conflict` when in use.

    Repeatable. It is bound to a host by the next `bind_ports`.
    """
    before = await ports.list_ports_of_server(tx, server_id)
    found = next((port for port in before if port.id == port_id), None)
    if found is not None:
        return found
    claim = Claim(server_id, "", before[0].hostname if before else "")
    await _take_port(tx, port_id, claim.columns(_next_order(before)))
    return (await ports.list_ports_of_server(tx, server_id))[-1]


async def add_port(
    tx: Transaction,
    *,
    server_id: str,
    project_id: str,
    hostname: str,
    request: NetworkRequest,
    security_groups: Sequence[str] | None = None,
) -> Port:
    """Make one more port for a server, last in its order, as `claim_ports` does. Not repeatable."""
    order = _next_order(await ports.list_ports_of_server(tx, server_id))
    await _claim(tx, Claim(server_id, project_id, hostname), {order: request}, security_groups)
    return (await ports.list_ports_of_server(tx, server_id))[-1]


def _next_order(claimed: Sequence[Port]) -> int:
    orders = [port.claim_order for port in claimed if port.claim_order is not None]
    return max(orders, default=-1) + 1


async def detach_port(tx: Transaction, server_id: str, port_id: str) -> bool:
    """Take one port from a server, as `release_ports`. Repeatable; True when it is gone."""
    for port in await ports.list_ports_of_server(tx, server_id):
        if port.id == port_id:
            return await _release(tx, port)
    return True


async def list_server_ports(
    tx: Transaction, server_ids: Collection[str]
) -> dict[str, list[ServerPort]]:
    """The ports of some servers, in order; every id asked for has a list. Two queries."""
    return await server_ports.list_server_ports(tx, server_ids)


async def list_port_ids(tx: Transaction, server_id: str) -> set[str]:
    """Ids of the ports that a server has: one that was deleted is not among them."""
    return await ports.list_ids_of_server(tx, server_id)


async def network_data(tx: Transaction, server_id: str) -> dict[str, Any]:
    """Body of network_data.json: how a guest without DHCP would set itself up."""
    mine = (await server_ports.list_server_ports(tx, [server_id]))[server_id]
    ids = {subnet_id for port in mine for subnet_id, _ in port.fixed_ips}
    return build_network_data(mine, await subnets.list_subnets_by_id(tx, ids))
