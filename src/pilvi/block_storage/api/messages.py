"""Why volumes, snapshots and backups are not as they were wished: one message for each."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from pilvi.block_storage.api.views import cut_page, links_of, next_links, print_time, read_offset
from pilvi.block_storage.model.backup import Backup
from pilvi.block_storage.model.snapshot import Snapshot
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations import messages as operations
from pilvi.block_storage.store import backups, snapshots, volumes
from pilvi.block_storage.store.dismissed_messages import list_dismissed
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import NotFound

_NAMESPACE = uuid.UUID("6b1a5f0e-3a58-4a4e-8a3e-0a6f5f2f9d11")
# Cinder's messages live for 30 days; ours as long as what they tell is true.
LIFETIME = datetime.timedelta(days=30)


# Cinder's names of what is told: which kind of resource, which action, which detail.
_EVENTS = {
    "VOLUME": "VOLUME_VOLUME_001_002",
    "VOLUME_SNAPSHOT": "VOLUME_VOLUME_SNAPSHOT_009_001",
    "VOLUME_BACKUP": "VOLUME_VOLUME_BACKUP_013_001",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What one resource has to tell."""

    id: str
    resource_type: str
    resource_id: str
    text: str
    told_at: datetime.datetime


def message_of(resource_type: str, one: Volume | Snapshot | Backup) -> Message:
    """The message of a resource's present wish: the same id until the wish changes. Pure."""
    id = str(uuid.uuid5(_NAMESPACE, f"{one.id} {one.generation}"))
    return Message(id, resource_type, one.id, one.error, one.desired_at)


async def _read(call: Call[None]) -> list[Message]:
    project_id = call.caller.visible_project_id
    told = [
        *(message_of("VOLUME", one) for one in await volumes.list_failed(call.tx, project_id)),
        *(
            message_of("VOLUME_SNAPSHOT", one)
            for one in await snapshots.list_failed(call.tx, project_id)
        ),
        *(
            message_of("VOLUME_BACKUP", one)
            for one in await backups.list_failed(call.tx, project_id)
        ),
    ]
    told.sort(key=lambda message: message.told_at, reverse=True)
    dismissed = await list_dismissed(call.tx, [message.id for message in told])
    return [message for message in told if message.id not in dismissed]


def _render(call: Call[None], message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "event_id": _EVENTS[message.resource_type],
        "message_level": "ERROR",
        "user_message": message.text,
        "resource_type": message.resource_type,
        "resource_uuid": message.resource_id,
        # No request told it, a look at the host did; clients want a word of this shape.
        "request_id": f"req-{message.id}",
        "created_at": print_time(message.told_at),
        "guaranteed_until": print_time(message.told_at + LIFETIME),
        "links": links_of(call, "messages", message.id),
    }


async def list_messages(call: Call[None]) -> dict[str, Any]:
    """What the caller's volumes, snapshots and backups have to tell, newest first."""
    found = await _read(call)
    if wanted := call.query.get("resource_uuid"):
        found = [message for message in found if message.resource_id == wanted]
    page = parse_page(call.query)
    rows, more = cut_page(found, page, read_offset(call))
    links = {"messages_links": next_links(call, "messages", rows[-1].id)} if more and rows else {}
    return {"messages": [_render(call, message) for message in rows], **links}


async def show_message(call: Call[None]) -> dict[str, Any]:
    """One message."""
    for message in await _read(call):
        if message.id == call.path["message_id"]:
            return {"message": _render(call, message)}
    raise NotFound(f"cannot find the message '{call.path['message_id']}'")


async def delete_message(call: Call[None]) -> None:
    """Let a message not be shown again; a newer one of the same thing is another."""
    for message in await _read(call):
        if message.id == call.path["message_id"]:
            await operations.delete_message(call.tx, message.id)
            return
    raise NotFound(f"cannot find the message '{call.path['message_id']}'")
