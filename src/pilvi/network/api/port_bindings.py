"""Bindings of ports to hosts (Neutron API, "Port bindings")."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.wire import ABSENT, Absent, Id, Name, given
from pilvi.network.model.port import Port
from pilvi.network.operations import port_bindings as operations
from pilvi.network.operations.port_bindings import Binding
from pilvi.network.store.ports import get_port


class BindingFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a binding is made of."""

    host: Name
    vnic_type: str | None | Absent = ABSENT
    profile: dict[str, Any] | None | Absent = ABSENT
    project_id: Id | Absent = ABSENT


class BindingBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST."""

    binding: BindingFields


class BindingChange(msgspec.Struct, forbid_unknown_fields=True):
    """What of a binding may be said again."""

    host: Name | Absent = ABSENT
    vnic_type: str | None | Absent = ABSENT
    profile: dict[str, Any] | None | Absent = ABSENT


class BindingChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT."""

    binding: BindingChange


_FIXED: dict[str, Any] = {"vnic_type": ("normal", None), "profile": ({}, None)}


def _render(binding: Binding) -> dict[str, Any]:
    return {
        "host": binding.host_name,
        "status": "ACTIVE" if binding.is_active else "INACTIVE",
        "vif_type": "bridge",
        "vif_details": {"port_filter": True},
        "vnic_type": "normal",
        "profile": {},
    }


async def _find(call: Call[Any]) -> Port:
    return await get_port(call.tx, call.path["port_id"], call.caller.visible_project_id)


async def list_port_bindings(call: Call[None]) -> dict[str, Any]:
    """The host that a port is on, and those that it is to be ready for."""
    found = await operations.list_port_bindings(call.tx, await _find(call))
    return {"bindings": [_render(binding) for binding in found]}


async def show_port_binding(call: Call[None]) -> dict[str, Any]:
    """How a port is plugged in on a host."""
    return await _show(call, call.path["host"])


async def _show(call: Call[Any], host: str) -> dict[str, Any]:
    found = await operations.get_port_binding(call.tx, await _find(call), host)
    return {"binding": _render(found)}


async def create_port_binding(call: Call[BindingBody]) -> dict[str, Any]:
    """Bind a port to one more host."""
    host = given(call.payload.binding, _FIXED)["host"]
    await operations.create_port_binding(call.tx, call.path["port_id"], host)
    return await _show(call, host)


async def update_port_binding(call: Call[BindingChangeBody]) -> dict[str, Any]:
    """Say again what a binding is like; there is nothing of it that could be otherwise."""
    host = call.path["host"]
    given(call.payload.binding, _FIXED | {"host": (host,)})
    return await _show(call, host)


async def activate_port_binding(call: Call[None]) -> dict[str, Any]:
    """Have a port be on another of the hosts that it is bound to."""
    host = call.path["host"]
    await operations.activate_port_binding(call.tx, call.path["port_id"], host)
    return await _show(call, host)


async def delete_port_binding(call: Call[None]) -> None:
    """Take a port from a host, or have it no longer be ready for it."""
    await operations.delete_port_binding(call.tx, call.path["port_id"], call.path["host"])
