"""What the owner of a port can do next, from its state and from what went wrong. Pure."""

from collections.abc import Sequence

from pilvi.core.story import Event, Wait, without_doubles
from pilvi.hosts.model.advice import ASK, advise, advise_waiting
from pilvi.network.model.port import Port, PortStatus


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
