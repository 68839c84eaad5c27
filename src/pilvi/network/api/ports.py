"""Ports."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import (
    ABSENT,
    Absent,
    Id,
    Name,
    given,
    pick,
    render_common,
    require,
)
from pilvi.network.model.port import AskedIp, Port, PortStatus, name_of_address
from pilvi.network.model.qos import resource_request
from pilvi.network.operations import port_changes as operations
from pilvi.network.operations.port_waits import find_trouble
from pilvi.network.store import ports as store
from pilvi.network.store.qos import list_minimums
from pilvi.network.store.tags import list_tags


class FixedIpFields(msgspec.Struct, forbid_unknown_fields=True):
    """An address that a port should have."""

    subnet_id: str | None = None
    ip_address: str | None = None


class AddressPair(msgspec.Struct, forbid_unknown_fields=True):
    """An address or range that a port may use beside its own."""

    ip_address: str
    mac_address: str | None = None


class DhcpOptionFields(msgspec.Struct, forbid_unknown_fields=True):
    """One more option that DHCP gives the port's guest; in a change, null takes it away."""

    opt_name: str
    opt_value: str | int | None = None
    ip_version: int | str = 4


class PortFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a port is made of."""

    network_id: Id | Absent = ABSENT
    name: Name | Absent = ABSENT
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT
    admin_state_up: bool | Absent = ABSENT
    mac: str | None | Absent = msgspec.field(default=ABSENT, name="mac_address")
    fixed_ips: list[FixedIpFields] | None | Absent = ABSENT
    device_id: Name | Absent = ABSENT
    device_owner: Name | Absent = ABSENT
    group_ids: list[str] | None | Absent = msgspec.field(default=ABSENT, name="security_groups")
    port_security_enabled: bool | Absent = ABSENT
    address_pairs: list[AddressPair] | None | Absent = msgspec.field(
        default=ABSENT, name="allowed_address_pairs"
    )
    host_name: Name | None | Absent = msgspec.field(default=ABSENT, name="binding:host_id")
    vnic_type: str | None | Absent = msgspec.field(default=ABSENT, name="binding:vnic_type")
    profile: dict[str, Any] | None | Absent = msgspec.field(default=ABSENT, name="binding:profile")
    dhcp_options: list[DhcpOptionFields] | None | Absent = msgspec.field(
        default=ABSENT, name="extra_dhcp_opts"
    )
    dns_name: str | None | Absent = ABSENT
    dns_domain: str | None | Absent = ABSENT
    qos_policy_id: str | None | Absent = ABSENT
    propagate_uplink_status: bool | None | Absent = ABSENT
    numa_affinity_policy: str | None | Absent = ABSENT
    device_profile: str | None | Absent = ABSENT
    hints: dict[str, Any] | None | Absent = ABSENT
    trusted: bool | None | Absent = ABSENT


class PairsFields(msgspec.Struct, forbid_unknown_fields=True):
    """Address pairs to add or remove."""

    allowed_address_pairs: list[AddressPair]


class PairsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of add_allowed_address_pairs and remove_allowed_address_pairs."""

    port: PairsFields


class PortBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT; a list makes several at once, all or none."""

    port: PortFields | Absent = ABSENT
    ports: list[PortFields] | Absent = ABSENT


_FIXED: dict[str, Any] = {
    "vnic_type": ("normal", None),
    "profile": ({}, None),
    "dns_domain": ("", None),
    "propagate_uplink_status": (True, False, None),
    "numa_affinity_policy": (None,),
    "device_profile": (None,),
    "hints": ({}, None),
    "trusted": (False, None),
}


def _values(fields: PortFields, fixed: dict[str, Any]) -> dict[str, Any]:
    values = given(fields, fixed)
    for name in ("mac", "fixed_ips", "group_ids"):
        if values.get(name, ABSENT) is None:
            values.pop(name)
    if "fixed_ips" in values:
        values["fixed_ips"] = [
            AskedIp(subnet_id=wish.subnet_id, address=wish.ip_address)
            for wish in values["fixed_ips"]
        ]
    if "address_pairs" in values:
        pairs = values["address_pairs"] or []
        values["address_pairs"] = [(pair.mac_address, pair.ip_address) for pair in pairs]
    if "dhcp_options" in values:
        values["dhcp_options"] = [
            (option.opt_name, option.opt_value, int(option.ip_version))
            for option in values["dhcp_options"] or []
        ]
    if "dns_name" in values:
        values["dns_name"] = values["dns_name"] or ""
    return values


def _render_one(call: Call[Any], port: Port, tags: Sequence[str]) -> dict[str, Any]:
    body = {
        **render_common(port, tags),
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac,
        "admin_state_up": port.admin_state_up,
        "status": port.status,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "fixed_ips": [
            {"subnet_id": fixed.subnet_id, "ip_address": fixed.address} for fixed in port.fixed_ips
        ],
        "security_groups": list(port.group_ids),
        "port_security_enabled": port.port_security_enabled,
        "allowed_address_pairs": [
            {"mac_address": mac or port.mac, "ip_address": address}
            for mac, address in port.address_pairs
        ],
        "extra_dhcp_opts": [
            {"opt_name": one.name, "opt_value": one.value, "ip_version": one.ip_version}
            for one in port.dhcp_options
        ],
        "dns_name": port.dns_name,
        "dns_assignment": [
            {
                "ip_address": fixed.address,
                "hostname": port.dns_name or name_of_address(fixed.address),
                "fqdn": f"{port.dns_name or name_of_address(fixed.address)}.",
            }
            for fixed in port.fixed_ips
        ],
        "qos_policy_id": port.qos_policy_id,
        "ip_allocation": "immediate" if port.fixed_ips else "none",
        "binding:vnic_type": "normal",
    }
    if call.caller.is_admin:
        vif_type, details = _plug(port)
        body |= {
            "binding:host_id": port.host_name,
            "binding:profile": {},
            "binding:vif_type": vif_type,
            "binding:vif_details": details,
        }
    return body


def _plug(port: Port) -> tuple[str, dict[str, Any]]:
    """How a port is plugged in, and why not when its host could not. Pure."""
    if port.host_id is None:
        return "unbound", {}
    if port.status is PortStatus.ERROR:
        return "binding_failed", {"fault": port.fault}
    return "bridge", {"port_filter": True}


async def _render(call: Call[Any], found: Sequence[Port]) -> list[dict[str, Any]]:
    tags = await list_tags(call.tx, [port.id for port in found])
    bodies = [_render_one(call, port, tags.get(port.id, ())) for port in found]
    if call.caller.is_admin:
        minimums = await list_minimums(call.tx, found)
        for body in bodies:
            rules = minimums.get(body["id"], ())
            body["resource_request"] = resource_request(body["id"], rules)
    return bodies


async def list_ports(call: Call[None]) -> dict[str, Any]:
    """Own ports and those on own networks; all for admins."""
    found, more = await store.list_ports(call.tx, parse_listing(call))
    return page_of(call, "ports", await _render(call, found), more)


async def show_port(call: Call[None]) -> dict[str, Any]:
    """One port."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["port_id"], call.caller.visible_project_id
    found = await store.get_port(call.tx, id, project_id)
    body = (await _render(call, [found]))[0]
    waits_for = await find_trouble(call.tx, found, call.settings.host_lease_s)
    if waits_for and "binding:vif_details" in body:
        body["binding:vif_details"] = {**body["binding:vif_details"], "waits_for": waits_for}
    return {"port": select_fields(call, body)}


async def create_port(call: Call[PortBody]) -> dict[str, Any]:
    """A new port, or several."""
    ids = []
    for fields in pick(call.payload.port, call.payload.ports, "port"):
        values = _values(fields, _FIXED)
        require(values, "network_id")
        ids.append(await operations.create_port(call.tx, call.caller, values))
    made: dict[str, Port] = {port.id: port for port in await store.list_ports_by_id(call.tx, ids)}
    bodies = await _render(call, [made[id] for id in ids])
    return {"ports": bodies} if call.payload.port is ABSENT else {"port": bodies[0]}


async def update_port(call: Call[PortBody]) -> dict[str, Any]:
    """Change a port; its network stays."""
    (fields,) = pick(call.payload.port, ABSENT, "port")
    values = _values(fields, _FIXED | {"network_id": (), "project_id": ()})
    await operations.update_port(call.tx, call.caller, call.path["port_id"], values)
    return await _show(call)


async def add_allowed_address_pairs(call: Call[PairsBody]) -> dict[str, Any]:
    """Let a port use more addresses."""
    await _change_pairs(call, remove=False)
    return await _show(call)


async def remove_allowed_address_pairs(call: Call[PairsBody]) -> dict[str, Any]:
    """Take addresses from those that a port may use beside its own."""
    await _change_pairs(call, remove=True)
    return await _show(call)


async def _change_pairs(call: Call[PairsBody], *, remove: bool) -> None:
    pairs = [(p.mac_address, p.ip_address) for p in call.payload.port.allowed_address_pairs]
    id = call.path["port_id"]
    await operations.change_address_pairs(call.tx, call.caller, id, pairs, remove=remove)


async def delete_port(call: Call[None]) -> None:
    """Remove a port."""
    await operations.delete_port(call.tx, call.caller, call.path["port_id"])
