"""Port forwardings of floating IPs."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given, require
from pilvi.network.model.router import PortForwarding
from pilvi.network.operations import port_forwardings as operations
from pilvi.network.store import floating_ips
from pilvi.network.store import port_forwardings as store
from pilvi.network.store.listing import Listing


class PortForwardingFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a port forwarding is made of."""

    protocol: str | Absent = ABSENT
    external_port: int | None | Absent = ABSENT
    external_port_range: str | Absent = ABSENT
    internal_port: int | None | Absent = ABSENT
    internal_port_range: str | Absent = ABSENT
    internal_address: str | Absent = msgspec.field(default=ABSENT, name="internal_ip_address")
    port_id: Id | Absent = msgspec.field(default=ABSENT, name="internal_port_id")
    description: Name | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class PortForwardingBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    port_forwarding: PortForwardingFields


def _values(body: PortForwardingBody) -> dict[str, Any]:
    values = given(body.port_forwarding)
    for side in ("external", "internal"):
        one, many = values.pop(f"{side}_port", None), values.pop(f"{side}_port_range", None)
        if one is not None and many is not None:
            raise InvalidRequest(f"cannot use {side}_port and {side}_port_range together")
        if one is not None:
            values[side] = (one, one)
        elif many is not None:
            values[side] = _parse_range(many)
    return values


def _parse_range(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    for part in (first, last or first):
        if not (part.isascii() and part.isdigit() and len(part) <= 5):
            raise InvalidRequest(f"cannot use '{text}' as a range of ports such as 80:90")
    return int(first), int(last or first)


def render_forwarding(forwarding: PortForwarding) -> dict[str, Any]:
    """A port forwarding as the API shows it."""
    body: dict[str, Any] = {
        "protocol": forwarding.protocol,
        "internal_ip_address": forwarding.internal_address,
        "internal_port_id": forwarding.port_id,
        "description": forwarding.description,
    }
    for side, (first, last) in (
        ("external", forwarding.external),
        ("internal", forwarding.internal),
    ):
        if first == last:
            body[f"{side}_port"] = first
        else:
            body[f"{side}_port_range"] = f"{first}:{last}"
    return body


def _render(forwarding: PortForwarding) -> dict[str, Any]:
    return {"id": forwarding.id, **render_forwarding(forwarding)}


async def _check_floating_ip(call: Call[Any]) -> str:
    """The floating IP in the path, if the caller may see it. Raises `NotFound`."""
    id, project_id = call.path["floatingip_id"], call.caller.visible_project_id
    return (await floating_ips.get_floating_ip(call.tx, id, project_id)).id


async def list_port_forwardings(call: Call[None]) -> dict[str, Any]:
    """A floating IP's port forwardings."""
    asked = parse_listing(call)
    values = {**asked.values, "floatingip_id": [await _check_floating_ip(call)]}
    listing = Listing(project_id=asked.project_id, page=asked.page, values=values)
    found, more = await store.list_port_forwardings(call.tx, listing)
    return page_of(call, "port_forwardings", [_render(one) for one in found], more)


async def show_port_forwarding(call: Call[None]) -> dict[str, Any]:
    """One of a floating IP's port forwardings."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    floating_ip_id, id = await _check_floating_ip(call), call.path["port_forwarding_id"]
    found = await store.get_port_forwarding(call.tx, floating_ip_id, id)
    return {"port_forwarding": select_fields(call, _render(found))}


async def create_port_forwarding(call: Call[PortForwardingBody]) -> dict[str, Any]:
    """Have ports of a floating IP lead to a guest."""
    values = _values(call.payload)
    require(values, "protocol", "external", "internal", "port_id")
    id = call.path["floatingip_id"]
    made = await operations.create_port_forwarding(call.tx, call.caller, id, values)
    return {"port_forwarding": _render(await store.get_port_forwarding(call.tx, id, made))}


async def update_port_forwarding(call: Call[PortForwardingBody]) -> dict[str, Any]:
    """Change a port forwarding."""
    floating_ip_id, id = call.path["floatingip_id"], call.path["port_forwarding_id"]
    values = _values(call.payload)
    await operations.update_port_forwarding(call.tx, call.caller, floating_ip_id, id, values)
    return await _show(call)


async def delete_port_forwarding(call: Call[None]) -> None:
    """Remove a port forwarding."""
    floating_ip_id, id = call.path["floatingip_id"], call.path["port_forwarding_id"]
    await operations.delete_port_forwarding(call.tx, call.caller, floating_ip_id, id)
