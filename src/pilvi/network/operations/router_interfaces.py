"""A router's interfaces in tenant networks. In the caller's transaction."""

import ipaddress

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.model.network import Subnet
from pilvi.network.model.port import ROUTER_INTERFACE, AskedIp, Port
from pilvi.network.model.router import Router
from pilvi.network.operations.addresses import AddressWish, choose_fixed_ips
from pilvi.network.operations.port_life import choose_mac, make_port
from pilvi.network.operations.routers import list_legs, refuse_overlaps, remove_leg
from pilvi.network.operations.wakes import touch_members, touch_networks, touch_routers
from pilvi.network.store import (
    floating_ips,
    ndp_proxies,
    networks,
    port_forwardings,
    ports,
    routers,
    subnets,
)


async def add_router_interface(
    tx: Transaction, caller: Caller, id: str, subnet_id: str | None, port_id: str | None
) -> tuple[Router, Port]:
    """Give a router a leg: at a subnet's gateway address, or as a port that is there."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    if (subnet_id is None) == (port_id is None):
        raise InvalidRequest("cannot add an interface; give either subnet_id or port_id")
    if port_id is not None:
        made = await _take_port(tx, caller, router, port_id)
    else:
        assert subnet_id is not None
        made = await _make_interface(tx, caller, router, subnet_id)
    await touch_networks(tx, made.network_id)
    await touch_routers(tx, router.id)
    return router, made


async def _make_interface(tx: Transaction, caller: Caller, router: Router, subnet_id: str) -> Port:
    subnet = await subnets.get_subnet(tx, subnet_id, caller.visible_project_id)
    network = await networks.get_network(tx, subnet.network_id, caller.visible_project_id)
    if not caller.is_admin and caller.project_id not in (subnet.project_id, network.project_id):
        raise InvalidRequest(
            f"cannot add an interface: subnet {subnet.id} is not owned by your project"
        )
    if subnet.gateway_ip is None:
        raise InvalidRequest(
            f"cannot add an interface to subnet {subnet.id}: it has no gateway IP; give it one or "
            "add a port"
        )
    await _check_room(tx, router, [subnet])
    mac = await choose_mac(tx, network.id)
    asked = AskedIp(subnet_id=subnet.id, address=subnet.gateway_ip)
    fixed = await choose_fixed_ips(tx, [subnet], AddressWish(mac, [asked], is_router=True))
    port_id = await make_port(
        tx,
        network,
        fixed,
        mac=mac,
        project_id=router.project_id,
        device_owner=ROUTER_INTERFACE,
        device_id=router.id,
        router_id=router.id,
        port_security_enabled=False,
    )
    return await ports.get_port(tx, port_id, None)


async def _take_port(tx: Transaction, caller: Caller, router: Router, port_id: str) -> Port:
    port = await ports.get_port(tx, port_id, caller.visible_project_id)
    if not caller.is_admin and port.project_id != caller.project_id:
        raise NotFound(f"cannot find the port '{port_id}'")
    if port.device_id or port.server_id or port.host_id or port.held_host_id or not port.is_guest:
        raise Conflict(
            f"cannot use port {port.id} on network {port.network_id}: {port.device_owner or 'a'} "
            f"device {port.device_id} has it already"
        )
    if not port.fixed_ips:
        raise InvalidRequest(f"cannot use port {port.id}: a router port must have a fixed IP")
    there = await subnets.list_subnets_by_id(tx, {f.subnet_id for f in port.fixed_ips})
    await _check_room(tx, router, list(there.values()))
    await ports.replace_groups(tx, port.id, [])
    await touch_members(tx, *port.group_ids)
    await ports.update_port(
        tx,
        port.id,
        device_id=router.id,
        device_owner=ROUTER_INTERFACE,
        router_id=router.id,
        host_id=None,
        host_name="",
        port_security_enabled=False,
        address_pairs=[],
    )
    return await ports.get_port(tx, port.id, None)


async def _check_room(tx: Transaction, router: Router, new: list[Subnet]) -> None:
    await refuse_overlaps(tx, await list_legs(tx, router.id), new)


async def remove_router_interface(
    tx: Transaction, caller: Caller, id: str, subnet_id: str | None, port_id: str | None
) -> tuple[Router, Port]:
    """Take a leg from a router, named by its port, its subnet, or both."""
    router = await routers.get_router(tx, id, caller.visible_project_id)
    if subnet_id is None and port_id is None:
        raise InvalidRequest("cannot remove an interface; give subnet_id or port_id")
    legs = [p for p in await list_legs(tx, router.id) if p.device_owner == ROUTER_INTERFACE]
    if port_id is not None:
        leg = next((p for p in legs if p.id == port_id), None)
        if leg is not None and subnet_id is not None and subnet_id not in _subnet_ids(leg):
            raise Conflict(f"cannot remove port {port_id}: it is not on subnet {subnet_id}")
    else:
        leg = next((p for p in legs if subnet_id in _subnet_ids(p)), None)
    if leg is None:
        raise NotFound(
            f"cannot remove the interface: router {router.id} has none with id "
            f"{port_id or subnet_id}"
        )
    await _refuse_needed(tx, router, leg)
    await remove_leg(tx, router, leg)
    return router, leg


def _subnet_ids(port: Port) -> list[str]:
    return [fixed.subnet_id for fixed in port.fixed_ips]


async def _refuse_needed(tx: Transaction, router: Router, leg: Port) -> None:
    """Raise `Conflict` when floating IPs, NDP proxies or routes go through a leg."""
    proxied = [one.address for one in await ndp_proxies.list_of_router(tx, router.id)]
    for subnet in (await subnets.list_subnets_by_id(tx, _subnet_ids(leg))).values():
        if await floating_ips.list_in_subnet(tx, router.id, subnet.id):
            raise Conflict(
                f"cannot remove the interface of router {router.id} on subnet {subnet.id}: one or "
                "more floating IPs require it"
            )
        forwarded = await port_forwardings.list_of_router(tx, router.id)
        if any(ipaddress.ip_address(one.internal_address) in subnet.network for one in forwarded):
            raise Conflict(
                f"cannot remove the interface of router {router.id} on subnet {subnet.id}: one or "
                "more port forwardings require it"
            )
        if any(ipaddress.ip_address(address) in subnet.network for address in proxied):
            raise Conflict(
                f"cannot remove the interface of router {router.id} on subnet {subnet.id}: one or "
                "more NDP proxies require it"
            )
        if any(ipaddress.ip_address(via) in subnet.network for _, via in router.routes):
            raise Conflict(
                f"cannot remove the interface of router {router.id} on subnet {subnet.id}: one or "
                "more routes require it"
            )
