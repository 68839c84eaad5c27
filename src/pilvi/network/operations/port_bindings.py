"""On which hosts a port is, and is to be ready for. In the caller's transaction.

One binding is active: the host that the port is on. The others wait to be activated.
"""

from dataclasses import dataclass

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.network.model.port import Port
from pilvi.network.operations.wakes import touch_networks, touch_ports
from pilvi.network.store import port_bindings as store
from pilvi.network.store import ports


@dataclass(frozen=True, slots=True)
class Binding:
    """A port on a host."""

    host_name: str
    is_active: bool


async def list_port_bindings(tx: Transaction, port: Port) -> list[Binding]:
    """The active binding, if any, and then the others by name."""
    active = [Binding(port.host_name, is_active=True)] if port.host_id is not None else []
    waiting = [name for name in await store.list_bindings(tx, port.id) if name != port.host_name]
    return [*active, *(Binding(name, is_active=False) for name in waiting)]


async def get_port_binding(tx: Transaction, port: Port, host_name: str) -> Binding:
    """A port's binding on a host. Raises `NotFound`."""
    for binding in await list_port_bindings(tx, port):
        if binding.host_name == host_name:
            return binding
    raise NotFound(f"cannot find a binding of port {port.id} on host '{host_name}'")


async def create_port_binding(tx: Transaction, port_id: str, host_name: str) -> None:
    """Bind a port to a host: actively when it is on none. Raises `Conflict` when it is bound so."""
    port = await ports.get_port(tx, port_id, None)
    _require_guest(port)
    await _find_host(tx, host_name)
    if host_name in [binding.host_name for binding in await list_port_bindings(tx, port)]:
        raise Conflict(f"cannot bind port {port.id} to host {host_name}: it is bound to it")
    if port.host_id is None and port.server_id is None:
        await _move(tx, port, host_name)
    else:
        await store.insert_binding(tx, port.id, host_name)


async def activate_port_binding(tx: Transaction, port_id: str, host_name: str) -> None:
    """Have a port be on the host of one of its waiting bindings; the former one waits then.

    Raises `Conflict` for a port that a server has: it is where its server is.
    """
    port = await ports.get_port(tx, port_id, None)
    binding = await get_port_binding(tx, port, host_name)
    if binding.is_active:
        raise Conflict(f"cannot activate the binding of port {port.id} on {host_name}: it is")
    _refuse_servers(port)
    former = port.host_name if port.host_id is not None else None
    await store.delete_binding(tx, port.id, host_name)
    if former is not None:
        await store.delete_binding(tx, port.id, former)
        await store.insert_binding(tx, port.id, former)
    await _move(tx, port, host_name)


async def delete_port_binding(tx: Transaction, port_id: str, host_name: str) -> None:
    """Take a port from a host, or have it no longer be ready for it. Raises `NotFound`."""
    port = await ports.get_port(tx, port_id, None)
    binding = await get_port_binding(tx, port, host_name)
    if binding.is_active:
        _require_guest(port)
        _refuse_servers(port)
        await _move(tx, port, None)
    await store.delete_binding(tx, port.id, host_name)


def _require_guest(port: Port) -> None:
    if port.router_id is not None or not port.is_guest:
        raise InvalidRequest(
            f"cannot bind port {port.id}: it is the network service's own ({port.device_owner})"
        )


def _refuse_servers(port: Port) -> None:
    if port.server_id is not None:
        raise Conflict(
            f"cannot move port {port.id}: server {port.server_id} has it; migrate the server, and "
            "its ports follow"
        )


async def _find_host(tx: Transaction, name: str) -> str:
    for host in await list_hosts(tx):
        if host.name == name:
            return host.id
    raise InvalidRequest(f"cannot bind a port to host '{name}': there is none of that name")


async def _move(tx: Transaction, port: Port, host_name: str | None) -> None:
    """Have a port be on another host, or on none: its reconciler makes it so."""
    host_id = None if host_name is None else await _find_host(tx, host_name)
    values = {"host_id": host_id, "host_name": host_name or "", "updated_at": now()}
    await ports.update_port(tx, port.id, **values)
    await touch_ports(tx, port.id)
    await touch_networks(tx, port.network_id)
