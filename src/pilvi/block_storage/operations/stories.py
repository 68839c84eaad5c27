"""The story of a volume: from its wish, its host's word and who has it.

In the caller's transaction; nothing is changed.
"""

from collections.abc import Sequence

from pilvi.block_storage.model.advice import list_volume_steps
from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.model.volume import Volume, VolumeStatus
from pilvi.block_storage.store import attachments as attachments_store
from pilvi.core.db import Transaction
from pilvi.core.db.progress import find_progress
from pilvi.core.story import Event, Story, Wait, in_order, wait_of
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import SourceKind
from pilvi.hosts.operations.assignments import list_held
from pilvi.hosts.operations.reasons import explain

_AT_REST = frozenset(
    {
        VolumeStatus.AVAILABLE,
        VolumeStatus.IN_USE,
        VolumeStatus.RESERVED,
        VolumeStatus.AWAITING_TRANSFER,
        VolumeStatus.MAINTENANCE,
    }
)


async def explain_volume(tx: Transaction, volume: Volume, lease_s: float) -> Story:
    """What was asked of a volume, what came of it, what it waits for, and what helps."""
    attachments = (await attachments_store.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    waits = await _waits(tx, volume, attachments, lease_s)
    failed = (Event(words=volume.error, at=volume.desired_at),) if volume.failed else ()
    return Story(
        kind="volume",
        id=volume.id,
        name=volume.name or "",
        status=volume.status,
        asked=list_asked(volume, attachments),
        done=_done(volume, attachments),
        waits=tuple(waits),
        failed=failed,
        next_steps=list_volume_steps(volume, waits, failed),
    )


def list_asked(volume: Volume, attachments: Sequence[Attachment]) -> tuple[Event, ...]:
    """What was asked of a volume, as far as it is still known; oldest first. Pure."""
    # Of size and content only the newest is kept: what changed them is told below.
    is_first = volume.desired_at <= volume.created_at
    size = f": {volume.size_gib} GiB" if is_first else ""
    words = f"create{size}{_made_of(volume)}"
    events = [Event(words=words, at=volume.created_at, user_id=volume.user_id)]
    if not volume.present:
        events.append(Event(words="delete", at=volume.desired_at))
    elif volume.desired_at > volume.created_at:
        words = f"its newest wish: {volume.size_gib} GiB, content {volume.content_generation}"
        events.append(Event(words=words, at=volume.desired_at))
    for one in attachments:
        server = f"the server {one.server_id}" if one.server_id else "somebody by hand"
        events.append(Event(words=f"attach to {server}", at=one.created_at))
    return in_order(events)


def _made_of(volume: Volume) -> str:
    if volume.source is None or volume.content_generation > 1:
        return ""
    article = "an" if volume.source.kind is SourceKind.IMAGE else "a"
    return f" from {article} {volume.source.kind}"


def _done(volume: Volume, attachments: Sequence[Attachment]) -> tuple[Event, ...]:
    events = []
    if volume.host_id is not None:
        events.append(Event(words="a host was chosen for it"))
    if volume.seen_size_gib is not None:
        words = f"its host keeps {volume.seen_size_gib} GiB, content {volume.seen_content}"
        events.append(Event(words=words))
    for one in attachments:
        if one.state is AttachmentState.ATTACHED:
            words = f"the server {one.server_id} has it as {one.device}"
            events.append(Event(words=words, at=one.attached_at))
        elif one.exported:
            events.append(Event(words=f"its target for the server {one.server_id} answers"))
    return in_order(events)


async def _waits(
    tx: Transaction, volume: Volume, attachments: Sequence[Attachment], lease_s: float
) -> list[Wait]:
    noted = await find_progress(tx, "volume", volume.id)
    if volume.failed or (volume.status in _AT_REST and noted is None and not volume.error):
        return []
    error = "" if noted is not None and noted.last_error else volume.error
    if noted is not None:
        waits = [wait_of(noted)]
    else:
        waits = [Wait(words=f"the end of '{volume.status}'", since=volume.desired_at)]
    if error and error not in waits[0].words:
        waits.append(Wait(words="its host to do what it cannot do now", last_error=error))
    for held in await list_held(tx, Kind.VOLUME, [volume.id]):
        reason = await explain(tx, held, lease_s)
        if reason is not None:
            waits.append(Wait(words=reason.words))
    waits += [
        Wait(words=f"the server {one.server_id} to finish '{one.state}'", since=one.created_at)
        for one in attachments
        if one.state in (AttachmentState.ATTACHING, AttachmentState.DETACHING)
    ]
    return waits
