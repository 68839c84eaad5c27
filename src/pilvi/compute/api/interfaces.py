"""Network cards of a server."""

from typing import Annotated, Any

import msgspec

from pilvi.compute.api.links import actor
from pilvi.compute.api.server_wire import Tag
from pilvi.compute.api.servers import get_called
from pilvi.compute.operations import interfaces as operations
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.network.model import NetworkRequest, ServerPort


class FixedIpFields(msgspec.Struct, forbid_unknown_fields=True):
    """An address that is asked for."""

    ip_address: str


class InterfaceFields(msgspec.Struct, forbid_unknown_fields=True):
    """A network card to attach: through a port, or on a network."""

    port_id: str | None = None
    net_id: str | None = None
    fixed_ips: Annotated[list[FixedIpFields], msgspec.Meta(max_length=1)] = []
    tag: Tag | None = None


class InterfaceCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST os-interface."""

    interfaceAttachment: InterfaceFields


class AddFixedIp(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `addFixedIp`."""

    networkId: str


class RemoveFixedIp(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `removeFixedIp`."""

    address: str


def _render(port: ServerPort) -> dict[str, Any]:
    return {
        "port_id": port.port_id,
        "net_id": port.network_id,
        "mac_addr": port.mac,
        "port_state": port.status,
        "fixed_ips": [
            {"subnet_id": subnet_id, "ip_address": address} for subnet_id, address in port.fixed_ips
        ],
        "tag": None,
    }


async def list_interfaces(call: Call[None]) -> dict[str, Any]:
    """The network cards of a server."""
    found = await operations.list_ports(call.tx, await get_called(call))
    return {"interfaceAttachments": [_render(port) for port in found]}


async def show_interface(call: Call[None]) -> dict[str, Any]:
    """One network card, by its port."""
    port = await operations.get_port(call.tx, await get_called(call), call.path["port_id"])
    return {"interfaceAttachment": _render(port)}


async def create_interface(call: Call[InterfaceCreate]) -> dict[str, Any]:
    """Give a server one more network card."""
    fields = call.payload.interfaceAttachment
    if fields.port_id and (fields.net_id or fields.fixed_ips):
        raise InvalidRequest("cannot use port_id together with net_id or fixed_ips")
    if fields.fixed_ips and not fields.net_id:
        raise InvalidRequest("cannot choose an address without net_id")
    address = fields.fixed_ips[0].ip_address if fields.fixed_ips else None
    request = None
    if fields.port_id or fields.net_id:
        request = NetworkRequest(fields.net_id, fields.port_id, address, fields.tag)
    server = await get_called(call)
    port = await operations.attach_interface(call.tx, server, request, actor(call))
    return {"interfaceAttachment": _render(port)}


async def delete_interface(call: Call[None]) -> None:
    """Take a network card from a server."""
    server, port_id = await get_called(call), call.path["port_id"]
    await operations.detach_interface(call.tx, server, port_id, actor(call))


async def add_fixed_ip(call: Call[AddFixedIp]) -> None:
    """Give a server one more address."""
    server, network_id = await get_called(call), call.payload.networkId
    await operations.add_fixed_ip(call.tx, call.caller, server, network_id)


async def remove_fixed_ip(call: Call[RemoveFixedIp]) -> None:
    """Take an address from a server."""
    server, address = await get_called(call), call.payload.address
    await operations.remove_fixed_ip(call.tx, call.caller, server, address)
