"""Floating IPs."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.port_forwardings import render_forwarding
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, render_common, require
from pilvi.network.model.port import Port
from pilvi.network.model.router import FloatingIp, PortForwarding
from pilvi.network.operations import floating_ips as operations
from pilvi.network.store import floating_ips as store
from pilvi.network.store.port_forwardings import list_of_floating_ips
from pilvi.network.store.ports import list_ports_by_id
from pilvi.network.store.tags import list_tags


class FloatingIpFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a floating IP is made of."""

    floating_network_id: Id | Absent = ABSENT
    address: str | None | Absent = msgspec.field(default=ABSENT, name="floating_ip_address")
    subnet_id: str | None | Absent = ABSENT
    port_id: str | None | Absent = ABSENT
    fixed_address: str | None | Absent = msgspec.field(default=ABSENT, name="fixed_ip_address")
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    qos_policy_id: str | None | Absent = ABSENT
    dns_name: str | None | Absent = ABSENT
    dns_domain: str | None | Absent = ABSENT
    distributed: bool | None | Absent = ABSENT


class FloatingIpBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    floatingip: FloatingIpFields


_FIXED: dict[str, Any] = {
    "qos_policy_id": (None,),
    "dns_name": ("", None),
    "dns_domain": ("", None),
    "distributed": (False, None),
}


def _render_one(
    floating: FloatingIp,
    port: Port | None,
    forwardings: Sequence[PortForwarding],
    tags: Sequence[str],
) -> dict[str, Any]:
    return {
        **render_common(floating, tags),
        "floating_ip_address": floating.address,
        "floating_network_id": floating.floating_network_id,
        "fixed_ip_address": floating.fixed_address,
        "port_id": floating.port_id,
        "router_id": floating.router_id,
        "status": floating.status,
        "port_details": None if port is None else _render_port(port),
        "port_forwardings": [render_forwarding(forwarding) for forwarding in forwardings],
    }


def _render_port(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac,
        "admin_state_up": port.admin_state_up,
        "status": port.status,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
    }


async def _render(call: Call[Any], found: Sequence[FloatingIp]) -> list[dict[str, Any]]:
    tags = await list_tags(call.tx, [floating.id for floating in found])
    used = [floating.port_id for floating in found if floating.port_id is not None]
    ports: dict[str, Port] = {port.id: port for port in await list_ports_by_id(call.tx, used)}
    forwarded = await list_of_floating_ips(call.tx, [floating.id for floating in found])
    return [
        _render_one(one, ports.get(one.port_id or ""), forwarded[one.id], tags.get(one.id, ()))
        for one in found
    ]


async def list_floatingips(call: Call[None]) -> dict[str, Any]:
    """Own floating IPs; all for admins."""
    found, more = await store.list_floating_ips(call.tx, parse_listing(call))
    return page_of(call, "floatingips", await _render(call, found), more)


async def show_floatingip(call: Call[None]) -> dict[str, Any]:
    """One floating IP."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["floatingip_id"], call.caller.visible_project_id
    found = await store.get_floating_ip(call.tx, id, project_id)
    return {"floatingip": select_fields(call, (await _render(call, [found]))[0])}


async def create_floatingip(call: Call[FloatingIpBody]) -> dict[str, Any]:
    """Take a floating IP, and have it stand for a port's address where one is named."""
    values = given(call.payload.floatingip, _FIXED)
    require(values, "floating_network_id")
    id = await operations.create_floatingip(call.tx, call.caller, values)
    made = await store.get_floating_ip(call.tx, id, None)
    return {"floatingip": (await _render(call, [made]))[0]}


async def update_floatingip(call: Call[FloatingIpBody]) -> dict[str, Any]:
    """Have a floating IP stand for another port's address, or for none."""
    kept = {"floating_network_id": (), "address": (), "subnet_id": (), "project_id": ()}
    values = given(call.payload.floatingip, _FIXED | kept)
    await operations.update_floatingip(call.tx, call.caller, call.path["floatingip_id"], values)
    return await _show(call)


async def delete_floatingip(call: Call[None]) -> None:
    """Give a floating IP back."""
    await operations.delete_floatingip(call.tx, call.caller, call.path["floatingip_id"])
