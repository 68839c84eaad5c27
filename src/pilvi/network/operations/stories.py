"""The story of a port: from its wish and its host's word.

In the caller's transaction; nothing is changed.
"""

from pilvi.core.db import Transaction
from pilvi.core.db.progress import find_progress
from pilvi.core.story import Event, Story, Wait, in_order, wait_of
from pilvi.network.model.advice import list_port_steps
from pilvi.network.model.port import Port, PortStatus
from pilvi.network.operations.port_waits import find_trouble
from pilvi.network.operations.wakes import PORT


async def explain_port(tx: Transaction, port: Port, lease_s: float) -> Story:
    """What was asked of a port, what came of it, what it waits for, and what helps."""
    waits = await _waits(tx, port, lease_s)
    failed = (Event(words=port.fault, at=port.updated_at),) if port.fault else ()
    return Story(
        kind="port",
        id=port.id,
        name=port.name,
        status=port.status,
        asked=_asked(port),
        done=_done(port),
        waits=tuple(waits),
        failed=failed,
        next_steps=list_port_steps(port, waits, failed),
    )


def _asked(port: Port) -> tuple[Event, ...]:
    events = [Event(words=f"create: on the network {port.network_id}", at=port.created_at)]
    if port.server_id is not None:
        events.append(Event(words=f"plug it into the server {port.server_id}"))
    elif port.device_id:
        events.append(Event(words=f"it belongs to {port.device_owner} {port.device_id}".strip()))
    if not port.admin_state_up:
        events.append(Event(words="let no packet through (its admin state is down)"))
    if port.is_deleting:
        events.append(Event(words="delete", at=port.updated_at))
    return in_order(events)


def _done(port: Port) -> tuple[Event, ...]:
    events = [Event(words=f"it has the address {address}") for address in port.addresses]
    if port.held_host_id is not None:
        events.append(Event(words="its host was told of it"))
    if port.status is PortStatus.ACTIVE:
        events.append(Event(words="its host says that it is as wished"))
    return tuple(events)


async def _waits(tx: Transaction, port: Port, lease_s: float) -> list[Wait]:
    noted = await find_progress(tx, PORT, port.id)
    waits = [] if noted is None or not noted.waits_for else [wait_of(noted)]
    words = await find_trouble(tx, port, lease_s)
    if words and not any(words in wait.words for wait in waits):
        since = noted.since if noted is not None else None
        waits.append(Wait(words=words, since=since))
    return waits
