"""Routers: themselves, their gateway and their routes. In the caller's transaction."""

import ipaddress
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.address import overlap
from pilvi.network.model.advice import tell_who_has
from pilvi.network.model.network import Network, Subnet
from pilvi.network.model.port import ROUTER_GATEWAY, ROUTER_INTERFACE, AskedIp, Port
from pilvi.network.model.router import ROUTES_MAX, Router
from pilvi.network.operations.addresses import AddressWish, choose_fixed_ips
from pilvi.network.operations.flavors import check_router_flavor
from pilvi.network.operations.ownership import choose_project, refuse_for_members
from pilvi.network.operations.port_life import choose_mac, make_port
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.subnets import check_routes
from pilvi.network.operations.wakes import touch_networks, touch_routers
from pilvi.network.store import floating_ips, ndp_proxies, networks, ports, routers, subnets
from pilvi.network.store.tags import delete_tags

_GATEWAY_FOR_ADMINS = {"enable_snat": True, "external_fixed_ips": None}


async def create_router(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new router; returns its id. Raises what is wrong with the values."""
    project_id = choose_project(caller, values.get("project_id"))
    await check_quota(tx, project_id, "router")
    if values.get("flavor_id") is not None:
        await check_router_flavor(tx, values["flavor_id"])
    id, moment = str(uuid.uuid4()), now()
    await routers.insert_router(
        tx,
        id=id,
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        admin_state_up=values.get("admin_state_up", True),
        availability_zone_hints=values.get("availability_zone_hints", []),
        enable_ndp_proxy=values.get("enable_ndp_proxy", False),
        routes=[],
        flavor_id=values.get("flavor_id"),
        applied_generation=1,
        created_at=moment,
        updated_at=moment,
    )
    if values.get("gateway"):
        router = await routers.get_router(tx, id, None)
        await _set_gateway(tx, caller, router, values["gateway"])
    return id


async def update_router(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change a router; `gateway` None or empty takes its gateway away."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    if values.get("flavor_id", router.flavor_id) != router.flavor_id:
        raise InvalidRequest("cannot change the flavor of a router; make a new one")
    apart = ("gateway", "routes", "flavor_id")
    if values.get("enable_ndp_proxy", True) is False:
        await _refuse_proxies(tx, router)
    changed = {name: values[name] for name in values if name not in apart}
    if changed:
        await routers.update_router(tx, router.id, **changed, updated_at=now())
    if "gateway" in values:
        if values["gateway"]:
            await _set_gateway(tx, caller, router, values["gateway"])
        else:
            await _clear_gateway(tx, router)
    if "routes" in values:
        await set_routes(tx, router, values["routes"])
    await touch_routers(tx, router.id)


async def delete_router(tx: Transaction, caller: Caller, id: str) -> None:
    """Wish that a router is gone. Raises `Conflict` while it has interfaces."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    legs = await list_legs(tx, router.id)
    used = [leg for leg in legs if leg.device_owner == ROUTER_INTERFACE]
    if used:
        first = tell_who_has(used[0])
        raise Conflict(f"cannot delete router {router.id}: it still has ports; first {first}")
    await _clear_gateway(tx, router)
    await delete_tags(tx, [router.id])
    await routers.update_router(tx, router.id, is_deleting=True)
    await touch_routers(tx, router.id)


async def list_legs(tx: Transaction, router_id: str) -> list[Port]:
    """A router's interfaces and gateway that are not going."""
    return [p for p in await ports.list_ports_of_router(tx, router_id) if not p.is_deleting]


async def remove_leg(tx: Transaction, router: Router, leg: Port) -> None:
    """Wish that a router has a leg no more.

    Its address is free at once, for the same router often gets it back; the row goes when the
    router's host has let go of it, so that the network stays there until then.
    """
    if router.host_id is None:
        await ports.delete_port(tx, leg.id)
    else:
        await subnets.delete_fixed_ips(tx, leg.id)
        await ports.update_port(tx, leg.id, is_deleting=True)
    await delete_tags(tx, [leg.id])
    await touch_networks(tx, leg.network_id)
    await touch_routers(tx, router.id)


async def _set_gateway(
    tx: Transaction, caller: Caller, router: Router, gateway: Mapping[str, Any]
) -> None:
    """Join a router to an external network, or change how it is joined."""
    refuse_for_members(caller, gateway, _GATEWAY_FOR_ADMINS, new=True)
    network_id = gateway.get("network_id") or router.external_network_id
    if network_id is None:
        raise InvalidRequest("cannot set the gateway without a network_id")
    network = await networks.get_network(tx, network_id, caller.visible_project_id)
    if not network.is_external:
        raise InvalidRequest(f"cannot use network {network.id} as a gateway: it is not external")
    legs = await list_legs(tx, router.id)
    old = next((leg for leg in legs if leg.device_owner == ROUTER_GATEWAY), None)
    asked = gateway.get("external_fixed_ips")
    if old is None or old.network_id != network.id or asked:
        if old is not None and old.network_id != network.id:
            await _refuse_floating_ips(tx, router)
        if old is not None:
            await remove_leg(tx, router, old)
        await _make_gateway(tx, router, network, asked)
    await routers.update_router(
        tx,
        router.id,
        external_network_id=network.id,
        enable_snat=gateway.get("enable_snat", True),
        updated_at=now(),
    )
    await touch_routers(tx, router.id)


async def _make_gateway(
    tx: Transaction, router: Router, network: Network, asked: Sequence[AskedIp] | None
) -> None:
    there = await subnets.list_subnets_of(tx, [network.id])
    mac = await choose_mac(tx, network.id)
    fixed = await choose_fixed_ips(tx, there, AddressWish(mac, asked or None, is_router=True))
    interfaces = await list_legs(tx, router.id)
    used = {f.subnet_id for f in fixed}
    await refuse_overlaps(tx, interfaces, [s for s in there if s.id in used])
    await make_port(
        tx,
        network,
        fixed,
        mac=mac,
        project_id="",
        device_owner=ROUTER_GATEWAY,
        device_id=router.id,
        router_id=router.id,
        port_security_enabled=False,
    )
    await touch_networks(tx, network.id)


async def _clear_gateway(tx: Transaction, router: Router) -> None:
    if router.external_network_id is None:
        return
    await _refuse_floating_ips(tx, router)
    for leg in await list_legs(tx, router.id):
        if leg.device_owner == ROUTER_GATEWAY:
            await remove_leg(tx, router, leg)
    await routers.update_router(
        tx, router.id, external_network_id=None, enable_snat=True, updated_at=now()
    )


async def _refuse_proxies(tx: Transaction, router: Router) -> None:
    proxied = await ndp_proxies.list_of_router(tx, router.id)
    if proxied:
        raise Conflict(
            f"cannot change router {router.id}: NDP proxies need it, such as {proxied[0].id}"
        )


async def _refuse_floating_ips(tx: Transaction, router: Router) -> None:
    await _refuse_proxies(tx, router)
    served = await floating_ips.list_of_router(tx, router.id)
    if served:
        raise Conflict(
            f"cannot take the gateway from router {router.id}: floating IPs need it, such as "
            f"{served[0].address}"
        )


async def refuse_overlaps(tx: Transaction, legs: Sequence[Port], new: Sequence[Subnet]) -> None:
    """Raise `InvalidRequest` when a router would have two legs in ranges that overlap."""
    ids = {fixed.subnet_id for leg in legs for fixed in leg.fixed_ips}
    for there in (await subnets.list_subnets_by_id(tx, ids)).values():
        for subnet in new:
            if subnet.id == there.id:
                raise InvalidRequest(
                    f"cannot add this to the router: it already has a port on subnet {subnet.id}"
                )
            if overlap(subnet.network, there.network):
                raise InvalidRequest(
                    f"cannot add subnet {subnet.id} to the router: {subnet.cidr} overlaps with "
                    f"{there.cidr} of subnet {there.id}"
                )


async def set_routes(tx: Transaction, router: Router, routes: Sequence[tuple[str, str]]) -> None:
    """Give a router exactly these routes. Raises `InvalidRequest` for an unreachable next hop."""
    wanted = check_routes(routes, ROUTES_MAX)
    legs = await list_legs(tx, router.id)
    ids = {fixed.subnet_id for leg in legs for fixed in leg.fixed_ips}
    reachable = [s.network for s in (await subnets.list_subnets_by_id(tx, ids)).values()]
    own = {address for leg in legs for address in leg.addresses}
    for _, via in wanted:
        hop = ipaddress.ip_address(via)
        if via in own or not any(hop in network for network in reachable):
            raise InvalidRequest(
                f"cannot route through {via}: the next hop must be another address in one of the "
                "router's subnets"
            )
    await routers.update_router(tx, router.id, routes=wanted, updated_at=now())
    await touch_routers(tx, router.id)


async def add_extraroutes(
    tx: Transaction, caller: Caller, id: str, routes: Sequence[tuple[str, str]]
) -> None:
    """Add routes to those that a router has. Repeatable."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    new = [route for route in check_routes(routes, ROUTES_MAX) if route not in router.routes]
    await set_routes(tx, router, [*router.routes, *new])


async def remove_extraroutes(
    tx: Transaction, caller: Caller, id: str, routes: Sequence[tuple[str, str]]
) -> None:
    """Take routes from those that a router has. Repeatable."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    gone = check_routes(routes, ROUTES_MAX)
    await set_routes(tx, router, [route for route in router.routes if route not in gone])
