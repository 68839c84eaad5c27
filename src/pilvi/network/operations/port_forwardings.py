"""Port forwardings: floating IPs that lead to several guests. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Conflict, InvalidRequest, NotFound, Unsupported
from pilvi.network.model.address import parse_address
from pilvi.network.model.router import FORWARDED_PORTS_MAX, FloatingIp, PortForwarding
from pilvi.network.operations.floating_ips import find_router
from pilvi.network.operations.port_life import forget_forwarding
from pilvi.network.operations.wakes import touch_routers
from pilvi.network.store import floating_ips, ports
from pilvi.network.store import port_forwardings as store

PROTOCOLS = ("tcp", "udp")
PER_FLOATING_IP_MAX = 100
"""Higher: longer rules of the router, which every project could make."""


async def create_port_forwarding(
    tx: Transaction, caller: Caller, floating_ip_id: str, values: Mapping[str, Any]
) -> str:
    """A new forwarding; returns its id. Raises `Conflict` for a floating IP that a port has."""
    floating = await _get_floating_ip(tx, caller, floating_ip_id)
    there = (await store.list_of_floating_ips(tx, [floating.id]))[floating.id]
    if len(there) >= PER_FLOATING_IP_MAX:
        raise Conflict(f"cannot forward more than {PER_FLOATING_IP_MAX} ports of a floating IP")
    row, router_id = await _check(tx, caller, floating, values)
    _refuse_overlaps(row, there)
    id, moment = str(uuid.uuid4()), now()
    await store.insert_port_forwarding(
        tx,
        id=id,
        project_id=floating.project_id,
        description=values.get("description", ""),
        floating_ip_id=floating.id,
        created_at=moment,
        updated_at=moment,
        **row,
    )
    if floating.router_id is None:
        await floating_ips.update_floating_ip(tx, floating.id, router_id=router_id)
    await touch_routers(tx, router_id)
    return id


async def _get_floating_ip(tx: Transaction, caller: Caller, id: str) -> FloatingIp:
    floating = await floating_ips.get_floating_ip(tx, id, caller.visible_project_id)
    if floating.port_id is not None:
        raise Conflict(
            f"cannot forward ports of floating IP {floating.address}: it stands for port "
            f"{floating.port_id}"
        )
    return floating


async def _check(
    tx: Transaction, caller: Caller, floating: FloatingIp, values: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """The columns of a forwarding, and the router that has to serve it."""
    if values["protocol"] not in PROTOCOLS:
        raise Unsupported(
            f"cannot forward the protocol '{values['protocol']}'; use {' or '.join(PROTOCOLS)}"
        )
    external, internal = values["external"], values["internal"]
    for first, last in (external, internal):
        if not 1 <= first <= last <= 65535:
            raise InvalidRequest("cannot forward these ports: they go from 1 to 65535")
    if external[1] - external[0] != internal[1] - internal[0]:
        raise InvalidRequest("cannot forward a range of ports to a range of another size")
    if external != internal and external[1] - external[0] >= FORWARDED_PORTS_MAX:
        raise InvalidRequest(
            f"cannot forward more than {FORWARDED_PORTS_MAX} ports to others at once"
        )
    port = await ports.get_port(tx, values["port_id"], caller.visible_project_id)
    if not caller.is_admin and port.project_id != caller.project_id:
        raise NotFound(f"cannot find the port '{port.id}'")
    if not port.is_guest:
        raise InvalidRequest(f"cannot forward to port {port.id}: it is the network's own")
    wanted = values.get("internal_address")
    address = None if wanted is None else parse_address(wanted, "internal_ip_address", 4)
    fixed = next(
        (f for f in port.fixed_ips if ":" not in f.address and address in (None, f.address)), None
    )
    if fixed is None:
        raise InvalidRequest(f"cannot forward to port {port.id}: it has no such fixed IP")
    for other in await floating_ips.list_of_ports(tx, [port.id]):
        if other.fixed_address == fixed.address:
            raise Conflict(f"cannot forward to {fixed.address}: it has the floating IP {other.id}")
    router_id = await find_router(tx, floating.floating_network_id, port, fixed)
    if floating.router_id not in (None, router_id):
        raise Conflict(f"cannot forward to port {port.id}: it is behind another router")
    row = {
        "protocol": values["protocol"],
        "external_first": external[0],
        "external_last": external[1],
        "internal_first": internal[0],
        "internal_last": internal[1],
        "internal_address": fixed.address,
        "port_id": port.id,
    }
    return row, router_id


def _refuse_overlaps(
    row: Mapping[str, Any], there: list[PortForwarding], besides: str | None = None
) -> None:
    for other in there:
        if other.id == besides or other.protocol != row["protocol"]:
            continue
        if row["external_first"] <= other.external[1] and other.external[0] <= row["external_last"]:
            raise Conflict(
                f"cannot forward this external port: port forwarding {other.id} has it already"
            )


async def update_port_forwarding(
    tx: Transaction, caller: Caller, floating_ip_id: str, id: str, values: Mapping[str, Any]
) -> None:
    """Change a forwarding."""
    floating = await _get_floating_ip(tx, caller, floating_ip_id)
    there = (await store.list_of_floating_ips(tx, [floating.id]))[floating.id]
    before = await store.get_port_forwarding(tx, floating.id, id)
    kept = {
        "protocol": before.protocol,
        "external": before.external,
        "internal": before.internal,
        "port_id": before.port_id,
    }
    if "port_id" not in values:
        kept["internal_address"] = before.internal_address
    row, router_id = await _check(tx, caller, floating, {**kept, **values})
    _refuse_overlaps(row, there, besides=before.id)
    if "description" in values:
        row["description"] = values["description"]
    row |= {"updated_at": now(), "generation": before.generation + 1}
    await store.update_port_forwarding(tx, before.id, **row)
    await touch_routers(tx, router_id)


async def delete_port_forwarding(
    tx: Transaction, caller: Caller, floating_ip_id: str, id: str
) -> None:
    """Remove a forwarding; with the last one the router lets go of the floating IP."""
    floating = await floating_ips.get_floating_ip(tx, floating_ip_id, caller.visible_project_id)
    await forget_forwarding(tx, await store.get_port_forwarding(tx, floating.id, id))
