"""NDP proxies: inner IPv6 addresses that a router answers for outside. In the caller's transaction.

An address is one of the outer network's address scope: its pools give nobody an address twice, so
that no project can have a router answer for what is somebody else's.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.address import parse_address
from pilvi.network.model.network import Subnet
from pilvi.network.model.port import ROUTER_GATEWAY, ROUTER_INTERFACE, FixedIp, Port
from pilvi.network.model.router import Router
from pilvi.network.operations.ownership import choose_project
from pilvi.network.operations.wakes import touch_routers
from pilvi.network.store import ndp_proxies as store
from pilvi.network.store import ports, routers, subnetpools, subnets


async def create_ndp_proxy(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new proxy; returns its id. Raises `Conflict` where the router cannot answer."""
    project_id = choose_project(caller, values.get("project_id"))
    router = await routers.get_router(tx, values["router_id"], caller.visible_project_id)
    if not router.enable_ndp_proxy:
        raise Conflict(f"cannot proxy in router {router.id}; set its enable_ndp_proxy first")
    port = await ports.get_port(tx, values["port_id"], caller.visible_project_id)
    if not caller.is_admin and port.project_id != caller.project_id:
        raise NotFound(f"cannot find the port '{port.id}'")
    fixed = _choose_address(port, values.get("address"))
    await _check_reachable(tx, router, port, fixed)
    for other in await store.list_of_router(tx, router.id):
        if other.address == fixed.address:
            raise Conflict(f"cannot proxy {fixed.address}: NDP proxy {other.id} does already")
    id, moment = str(uuid.uuid4()), now()
    await store.insert_proxy(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        router_id=router.id,
        port_id=port.id,
        address=fixed.address,
        created_at=moment,
        updated_at=moment,
    )
    await touch_routers(tx, router.id)
    return id


def _choose_address(port: Port, wanted: str | None) -> FixedIp:
    """The fixed IP that is proxied. Raises `InvalidRequest`."""
    if not port.is_guest:
        raise InvalidRequest(f"cannot proxy for port {port.id}: it is the network's own")
    address = None if wanted is None else parse_address(wanted, "ip_address", 6)
    for fixed in port.fixed_ips:
        if ":" in fixed.address and address in (None, fixed.address):
            return fixed
    raise InvalidRequest(f"cannot proxy for port {port.id}: it has no such IPv6 fixed IP")


async def _check_reachable(tx: Transaction, router: Router, port: Port, fixed: FixedIp) -> None:
    """Raise `Conflict` unless the router joins the address to a network of its address scope."""
    legs = [leg for leg in await ports.list_ports_of_router(tx, router.id) if not leg.is_deleting]
    inner = [leg for leg in legs if leg.device_owner == ROUTER_INTERFACE]
    if all(fixed.subnet_id != one.subnet_id for leg in inner for one in leg.fixed_ips):
        raise Conflict(f"cannot proxy for port {port.id}: it is not behind router {router.id}")
    outer_ids = {
        one.subnet_id
        for leg in legs
        if leg.device_owner == ROUTER_GATEWAY
        for one in leg.fixed_ips
        if ":" in one.address
    }
    if not outer_ids:
        raise Conflict(f"cannot proxy in router {router.id}: its gateway has no IPv6 address")
    there = await subnets.list_subnets_by_id(tx, {*outer_ids, fixed.subnet_id})
    inner_scope = await _find_scope(tx, there[fixed.subnet_id])
    outer_scopes = {await _find_scope(tx, there[id]) for id in outer_ids}
    if inner_scope is None or inner_scope not in outer_scopes:
        raise Conflict(
            f"cannot proxy {fixed.address}: its subnet is not of the address scope of the router's "
            "external network; cut both from subnet pools of one scope"
        )


async def _find_scope(tx: Transaction, subnet: Subnet) -> str | None:
    if subnet.subnetpool_id is None:
        return None
    pool_id = subnet.subnetpool_id
    return (await subnetpools.list_scopes_of_pools(tx, [pool_id])).get(pool_id)


async def update_ndp_proxy(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change what a proxy says of itself."""
    proxy = await store.get_proxy(tx, id, caller.visible_project_id)
    changed = {**values, "updated_at": now(), "generation": proxy.generation + 1}
    await store.update_proxy(tx, proxy.id, **changed)


async def delete_ndp_proxy(tx: Transaction, caller: Caller, id: str) -> None:
    """Answer for an address no more."""
    proxy = await store.get_proxy(tx, id, caller.visible_project_id)
    await store.delete_proxies(tx, [proxy.id])
    await touch_routers(tx, proxy.router_id)
