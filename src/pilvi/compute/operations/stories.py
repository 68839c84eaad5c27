"""The story of a server: from its records, its host's word, its ports and its volumes.

In the caller's transaction; nothing is changed.
"""

from collections.abc import Sequence

from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.compute.model.action import ActionRecord
from pilvi.compute.model.advice import list_server_steps
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Status
from pilvi.compute.store import actions
from pilvi.core.db import Transaction
from pilvi.core.db.progress import find_progress
from pilvi.core.paging import Page
from pilvi.core.story import Event, Story, Wait, in_order, wait_of
from pilvi.errors import NotFound
from pilvi.host_api.contract import Kind
from pilvi.hosts.operations.assignments import list_held
from pilvi.hosts.operations.reasons import explain
from pilvi.network.operations.port_waits import list_server_troubles


async def explain_server(tx: Transaction, server: Server, lease_s: float) -> Story:
    """What was asked of a server, what came of it, what it waits for, and what helps."""
    records, _ = await actions.list_actions(tx, server.id, Page(limit=None), None, None)
    records = records[::-1]
    failed = _failures(server, records)
    waits = await _waits(tx, server, records, lease_s)
    return Story(
        kind="server",
        id=server.id,
        name=server.name,
        status=server.condition.status,
        asked=tuple(_asked(record) for record in records),
        done=_done(server, records),
        waits=tuple(waits),
        failed=failed,
        next_steps=list_server_steps(server, waits, failed),
    )


def _asked(record: ActionRecord) -> Event:
    return Event(
        words=record.action,
        at=record.started_at,
        user_id=record.user_id,
        request_id=record.request_id,
    )


def _done(server: Server, records: Sequence[ActionRecord]) -> tuple[Event, ...]:
    """What came to its end well."""
    events = []
    for record in records:
        if record.finished_at is not None and record.result == actions.SUCCESS:
            took_s = (record.finished_at - record.started_at).total_seconds()
            words = f"{record.action}: done after {took_s:.1f} s"
            event = Event(words=words, at=record.finished_at, request_id=record.request_id)
            events.append(event)
    if server.launched_at is not None:
        events.append(Event(words="its guest ran for the first time", at=server.launched_at))
    if server.deleted_at is not None:
        events.append(Event(words="everything of it was given back", at=server.deleted_at))
    return in_order(events)


def _failures(server: Server, records: Sequence[ActionRecord]) -> tuple[Event, ...]:
    events = [
        Event(
            words=f"{record.action}: {record.message or 'no reason was kept'}",
            at=record.finished_at,
            request_id=record.request_id,
        )
        for record in records
        if record.result == actions.ERROR
    ]
    fault = server.fault if server.condition.status is Status.ERROR else None
    if fault is not None and not any(fault.message in event.words for event in events):
        events.append(Event(words=fault.message, at=fault.created_at))
    return in_order(events)


async def _waits(
    tx: Transaction, server: Server, records: Sequence[ActionRecord], lease_s: float
) -> list[Wait]:
    """What stands between the server and its wish: its own plan, its host, volumes and ports."""
    task = server.condition.task_state
    if task is None:
        return []
    begun = [record.started_at for record in records if record.finished_at is None]
    since = min(begun, default=server.updated_at)
    noted = await find_progress(tx, "server", server.id)
    waits = [Wait(words=f"the end of '{task}'", since=since)]
    if noted is not None:
        waits = [wait_of(noted)]
    for held in await list_held(tx, Kind.VM, [server.id]):
        reason = await explain(tx, held, lease_s)
        if reason is not None and not any(reason.words in wait.words for wait in waits):
            waits.append(Wait(words=reason.words))
    for volume in server.volumes:
        try:
            found = await get_volume(tx, volume.volume_id, None)
        except NotFound:
            continue
        if found.error or found.status in (VolumeStatus.CREATING, VolumeStatus.DOWNLOADING):
            words = f"the volume {found.id}, which is {found.status}"
            waits.append(Wait(words=words, since=found.desired_at, last_error=found.error))
    for port_id, trouble in await list_server_troubles(tx, server.id, lease_s):
        waits.append(Wait(words=f"the port {port_id}: {trouble}"))
    return waits
