"""Why a volume is not as it was wished: one message for each that has something to tell."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from pilvi.block_storage.api.views import cut_page, links_of, next_links, print_time, read_offset
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations import messages as operations
from pilvi.block_storage.store.dismissed_messages import list_dismissed
from pilvi.block_storage.store.volumes import list_failed
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import NotFound

_NAMESPACE = uuid.UUID("6b1a5f0e-3a58-4a4e-8a3e-0a6f5f2f9d11")
# Cinder's messages live for 30 days; ours as long as what they tell is true.
LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Message:
    """What one volume has to tell."""

    id: str
    volume: Volume


def message_of(volume: Volume) -> Message:
    """The message of a volume's present wish: the same id until the wish changes. Pure."""
    return Message(str(uuid.uuid5(_NAMESPACE, f"{volume.id} {volume.generation}")), volume)


async def _read(call: Call[None]) -> list[Message]:
    found = await list_failed(call.tx, call.caller.visible_project_id)
    told = [message_of(volume) for volume in found]
    dismissed = await list_dismissed(call.tx, [message.id for message in told])
    return [message for message in told if message.id not in dismissed]


def _render(call: Call[None], message: Message) -> dict[str, Any]:
    volume = message.volume
    return {
        "id": message.id,
        "event_id": "VOLUME_VOLUME_001_002",
        "message_level": "ERROR",
        "user_message": volume.error,
        "resource_type": "VOLUME",
        "resource_uuid": volume.id,
        # No request told it, a look at the host did; clients want a word of this shape.
        "request_id": f"req-{message.id}",
        "created_at": print_time(volume.desired_at),
        "guaranteed_until": print_time(volume.desired_at + LIFETIME),
        "links": links_of(call, "messages", message.id),
    }


async def list_messages(call: Call[None]) -> dict[str, Any]:
    """What the caller's volumes have to tell, newest first."""
    found = await _read(call)
    if wanted := call.query.get("resource_uuid"):
        found = [message for message in found if message.volume.id == wanted]
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
    """Let a message not be shown again; a newer one of the same volume is another."""
    for message in await _read(call):
        if message.id == call.path["message_id"]:
            await operations.delete_message(call.tx, message.id)
            return
    raise NotFound(f"cannot find the message '{call.path['message_id']}'")
