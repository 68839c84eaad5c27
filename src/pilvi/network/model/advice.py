"""What the owner of a port can do next, from its state and from what went wrong. Pure."""

from collections.abc import Sequence

from pilvi.core.story import Event, Wait, without_doubles
from pilvi.hosts.model.advice import ASK, advise, advise_waiting
from pilvi.network.model.port import (
    FLOATING_IP,
    ROUTER_GATEWAY,
    ROUTER_INTERFACE,
    Port,
    PortStatus,
)

_HOLDERS = {
    ROUTER_INTERFACE: ("router", "router remove port {device} {id}"),
    ROUTER_GATEWAY: ("router", "router unset --external-gateway {device}"),
    FLOATING_IP: ("floating IP", "floating ip delete {device}"),
}
"""By a port's owner: what has it, and the command that takes it away."""


def list_port_steps(port: Port, waits: Sequence[Wait], failed: Sequence[Event]) -> tuple[str, ...]:
    """What to do about a port as it is. Pure."""
    troubles = [event.words for event in failed] + [wait.words for wait in waits]
    steps = [advise(words) for words in troubles]
    if not port.admin_state_up:
        steps.append(f"let packets through: 'openstack port set --enable {port.id}'")
    if port.is_guest and port.host_id is None and not port.is_deleting:
        steps.append(f"plug it into a server: 'openstack server add port SERVER {port.id}'")
    elif port.status is PortStatus.ERROR and not any(steps):
        steps.append(f"{ASK}: 'pilvi trace port {port.id}' names the part of the path that fails")
    elif not any(steps):
        steps.append(advise_waiting(waits))
    return without_doubles(steps)


def tell_who_has(port: Port) -> str:
    """Of a port that stands in the way: whose it is, and what takes it away. Pure."""
    if port.device_owner in _HOLDERS:
        holder, command = _HOLDERS[port.device_owner]
    elif port.server_id is not None:
        holder, command = "server", "server remove port {device} {id}"
    else:
        return f"port {port.id}: 'openstack port delete {port.id}' takes it away"
    command = command.format(device=port.device_id, id=port.id)
    whose = f"port {port.id}, of the {holder} {port.device_id}"
    return f"{whose}: 'openstack {command}' takes it away"
