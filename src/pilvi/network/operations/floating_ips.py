"""Floating IPs. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound
from pilvi.network.model.address import parse_address
from pilvi.network.model.port import (
    FLOATING_IP,
    ROUTER_INTERFACE,
    AskedIp,
    FixedIp,
    Port,
    PortStatus,
)
from pilvi.network.model.router import FloatingIp
from pilvi.network.operations.addresses import AddressWish, choose_fixed_ips
from pilvi.network.operations.ownership import choose_project
from pilvi.network.operations.port_life import choose_mac, make_port
from pilvi.network.operations.quotas import check_quota
from pilvi.network.operations.wakes import touch_ports, touch_routers
from pilvi.network.store import floating_ips, networks, port_forwardings, ports, routers, subnets
from pilvi.network.store.tags import delete_tags


async def create_floatingip(tx: Transaction, caller: Caller, values: Mapping[str, Any]) -> str:
    """A new floating IP, standing for a port's address where one is named; returns its id."""
    project_id = choose_project(caller, values.get("project_id"))
    network = await networks.get_network(
        tx, values["floating_network_id"], caller.visible_project_id
    )
    if not network.is_external:
        raise InvalidRequest(
            f"cannot take a floating IP from network {network.id}: it is not a valid external "
            "network"
        )
    address = values.get("address")
    if address is not None and not caller.is_admin:
        raise Forbidden("cannot choose floating_ip_address: only admins do")
    await check_quota(tx, project_id, "floatingip")
    there = [s for s in await subnets.list_subnets_of(tx, [network.id]) if s.ip_version == 4]
    if not there:
        raise InvalidRequest(
            f"cannot take a floating IP from network {network.id}: it has no IPv4 subnet"
        )
    mac = await choose_mac(tx, network.id)
    asked = AskedIp(subnet_id=values.get("subnet_id"), address=address)
    fixed = await choose_fixed_ips(tx, there, AddressWish(mac, [asked], is_router=True))
    id, moment = str(uuid.uuid4()), now()
    port_id = await make_port(
        tx,
        network,
        fixed,
        mac=mac,
        project_id="",
        device_owner=FLOATING_IP,
        device_id=id,
        port_security_enabled=False,
    )
    await floating_ips.insert_floating_ip(
        tx,
        id=id,
        project_id=project_id,
        description=values.get("description", ""),
        floating_network_id=network.id,
        floating_port_id=port_id,
        address=fixed[0].address,
        status=PortStatus.DOWN,
        created_at=moment,
        updated_at=moment,
    )
    if values.get("port_id") is not None:
        floating = await floating_ips.get_floating_ip(tx, id, None)
        wanted = (values["port_id"], values.get("fixed_address"))
        await _associate(tx, caller, floating, wanted)
    elif values.get("fixed_address") is not None:
        raise InvalidRequest("cannot use fixed_ip_address without port_id")
    return id


async def update_floatingip(
    tx: Transaction, caller: Caller, id: str, values: Mapping[str, Any]
) -> None:
    """Change what a floating IP stands for: a port, or with `port_id` None nothing."""
    floating = await floating_ips.get_floating_ip(tx, id, caller.visible_project_id)
    if "description" in values:
        await floating_ips.update_floating_ip(
            tx, floating.id, description=values["description"], updated_at=now()
        )
    if "port_id" not in values and "fixed_address" not in values:
        return
    port_id = values.get("port_id", floating.port_id)
    fixed_address = values.get("fixed_address")
    if port_id is not None:
        await _associate(tx, caller, floating, (port_id, fixed_address))
        return
    if fixed_address is not None:
        raise InvalidRequest("cannot use fixed_ip_address without port_id")
    await _stand_for(tx, floating, None, None, None)


async def delete_floatingip(tx: Transaction, caller: Caller, id: str) -> None:
    """Give a floating IP back."""
    floating = await floating_ips.get_floating_ip(tx, id, caller.visible_project_id)
    await remove_floating_ip(tx, floating)


async def remove_floating_ip(tx: Transaction, floating: FloatingIp) -> None:
    """Forget a floating IP with its forwardings, and the port that kept its address."""
    for one in (await port_forwardings.list_of_floating_ips(tx, [floating.id]))[floating.id]:
        await port_forwardings.delete_port_forwarding(tx, one.id)
    await floating_ips.delete_floating_ip(tx, floating.id)
    await ports.delete_port(tx, floating.floating_port_id)
    await delete_tags(tx, [floating.id, floating.floating_port_id])
    if floating.router_id is not None:
        await touch_routers(tx, floating.router_id)
    if floating.port_id is not None:
        await touch_ports(tx, floating.port_id)


async def _associate(
    tx: Transaction, caller: Caller, floating: FloatingIp, wanted: tuple[str, str | None]
) -> None:
    """Have a floating IP stand for a port's address; `wanted` is the port and the address."""
    port = await ports.get_port(tx, wanted[0], caller.visible_project_id)
    if not caller.is_admin and port.project_id != caller.project_id:
        raise NotFound(f"cannot find the port '{port.id}'")
    if not port.is_guest:
        raise InvalidRequest(f"cannot give port {port.id} a floating IP: it is the network's own")
    fixed = _choose_fixed(port, wanted[1])
    if (await port_forwardings.list_of_floating_ips(tx, [floating.id]))[floating.id]:
        raise Conflict(f"cannot associate floating IP {floating.address}: it has port forwardings")
    for other in await floating_ips.list_of_ports(tx, [port.id]):
        if other.id != floating.id and other.fixed_address == fixed.address:
            raise Conflict(
                f"cannot associate floating IP {floating.address} with port {port.id}: its address "
                f"{fixed.address} has the floating IP {other.address} already"
            )
    router_id = await find_router(tx, floating.floating_network_id, port, fixed)
    await _stand_for(tx, floating, port.id, fixed.address, router_id)


def _choose_fixed(port: Port, wanted: str | None) -> FixedIp:
    if wanted is not None:
        address = parse_address(wanted, "fixed_ip_address", 4)
        for fixed in port.fixed_ips:
            if fixed.address == address:
                return fixed
        raise InvalidRequest(f"cannot use {address}: port {port.id} does not have that fixed IP")
    fixed_ips = [fixed for fixed in port.fixed_ips if ":" not in fixed.address]
    if not fixed_ips:
        raise InvalidRequest(f"cannot use port {port.id}: it has no IPv4 fixed IP")
    if len(fixed_ips) > 1:
        raise InvalidRequest(
            f"cannot choose among the fixed IPs of port {port.id}; give fixed_ip_address"
        )
    return fixed_ips[0]


async def find_router(tx: Transaction, floating_network_id: str, port: Port, fixed: FixedIp) -> str:
    """The router that joins a port's subnet to the external network; the subnet's gateway first.

    Raises `NotFound`, as Neutron does, when there is none.
    """
    owners = await subnets.list_owners(tx, fixed.subnet_id)
    legs_there = {id for id, owner in owners.items() if owner == ROUTER_INTERFACE}
    legs = [p for p in await ports.list_ports_by_id(tx, legs_there) if p.router_id is not None]
    subnet = await subnets.find_subnet(tx, fixed.subnet_id)
    gateway = subnet.gateway_ip if subnet is not None else None
    legs.sort(key=lambda leg: gateway not in leg.addresses)
    wanted = [leg.router_id for leg in legs if leg.router_id is not None]
    reaching = await routers.list_routers_to(tx, floating_network_id, wanted) if wanted else []
    for router_id in wanted:
        if any(router.id == router_id for router in reaching):
            return router_id
    raise NotFound(
        f"cannot associate the port {port.id} with a floating IP: External network "
        f"{floating_network_id} is not reachable from subnet {fixed.subnet_id}. Therefore, cannot "
        f"associate Port {port.id} with a Floating IP."
    )


async def _stand_for(
    tx: Transaction,
    floating: FloatingIp,
    port_id: str | None,
    fixed_address: str | None,
    router_id: str | None,
) -> None:
    if (floating.port_id, floating.fixed_address, floating.router_id) == (
        port_id,
        fixed_address,
        router_id,
    ):
        return
    await floating_ips.update_floating_ip(
        tx,
        floating.id,
        port_id=port_id,
        fixed_address=fixed_address,
        router_id=router_id,
        status=PortStatus.DOWN,
        generation=floating.generation + 1,
        updated_at=now(),
    )
    await touch_routers(tx, *{id for id in (floating.router_id, router_id) if id is not None})
    await touch_ports(tx, *{id for id in (floating.port_id, port_id) if id is not None})
