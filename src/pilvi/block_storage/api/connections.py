"""Who holds a volume, told by hand: the actions that servers of this cloud do not need."""

from typing import Any

import msgspec

from pilvi.block_storage.api.views import read_flag
from pilvi.block_storage.api.volumes import Name, get_own
from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.operations import hand_attachments as operations
from pilvi.block_storage.store import attachments as store
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest


class Attach(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-attach."""

    instance_uuid: Name | None = None
    host_name: Name | None = None
    mountpoint: Name | None = None
    mode: Name | None = None


class Detach(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-detach and os-force_detach."""

    attachment_id: Name | None = None
    connector: dict[str, Any] | None = None


class Connector(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-initialize_connection and os-terminate_connection."""

    connector: dict[str, Any] | None
    force: bool | str | None = None


async def reserve_volume(call: Call[Any]) -> None:
    """Keep a volume for somebody who is about to attach it."""
    volume = await get_own(call)
    await operations.make_by_hand(call.tx, volume, state=AttachmentState.ATTACHING)


async def unreserve_volume(call: Call[Any]) -> None:
    """Let go of what was kept and not attached. Repeatable."""
    for attachment in await operations.list_by_hand(call.tx, await get_own(call)):
        if attachment.state in (AttachmentState.ATTACHING, AttachmentState.RESERVED):
            await operations.end_by_hand(call.tx, attachment)


async def attach_volume(call: Call[Attach]) -> None:
    """Say that a volume is attached."""
    volume, wanted = await get_own(call), call.payload
    if wanted.mode not in (None, "ro", "rw"):
        raise InvalidRequest(f"cannot attach with the mode '{wanted.mode}': it is ro or rw")
    if wanted.instance_uuid and wanted.host_name:
        raise InvalidRequest("cannot attach to a server and to a host at once; name one")
    if not wanted.instance_uuid and not wanted.host_name:
        raise InvalidRequest("cannot attach to nobody; name instance_uuid or host_name")
    await operations.attach_by_hand(
        call.tx,
        volume,
        server_id=wanted.instance_uuid or "",
        device=wanted.mountpoint or "",
        read_only=wanted.mode == "ro",
    )


async def detach_volume(call: Call[Detach]) -> None:
    """Say that a volume is detached. Repeatable."""
    await operations.detach_by_hand(call.tx, await get_own(call), call.payload.attachment_id)


async def force_detach_volume(call: Call[Detach]) -> None:
    """Say that a volume is detached, whatever its status."""
    await operations.force_detach(call.tx, await get_own(call), call.payload.attachment_id)


async def begin_detaching(call: Call[Any]) -> None:
    """Say that a volume will be detached."""
    await _move(call, AttachmentState.ATTACHED, AttachmentState.DETACHING)


async def roll_detaching(call: Call[Any]) -> None:
    """Say that a volume will not be detached after all."""
    await _move(call, AttachmentState.DETACHING, AttachmentState.ATTACHED)


async def _move(call: Call[Any], before: AttachmentState, after: AttachmentState) -> None:
    volume = await get_own(call)
    found = await _require_by_hand(call, volume.id)
    if not any(one.state is before for one in found):
        raise InvalidRequest(
            f"cannot do this to the volume '{volume.id}': its status is {volume.status}"
        )
    for attachment in found:
        if attachment.state is before:
            await operations.change_by_hand(call.tx, attachment, state=after)


async def _require_by_hand(call: Call[Any], volume_id: str) -> list[Attachment]:
    """The attachments of a volume that servers do not know. Raises `Conflict` for theirs."""
    found = (await store.list_of_volumes(call.tx, [volume_id])).get(volume_id, [])
    for attachment in found:
        operations.require_by_hand(attachment, "change")
    return [one for one in found if one.present]


async def initialize_connection(call: Call[Connector]) -> dict[str, Any]:
    """How to reach a volume that was reserved by hand."""
    from pilvi.block_storage.api.attachments import render_connection

    volume = await get_own(call)
    for attachment in await _require_by_hand(call, volume.id):
        changed = await operations.change_by_hand(
            call.tx, attachment, connector=call.payload.connector
        )
        return {"connection_info": render_connection(call, changed)}
    raise InvalidRequest(f"cannot connect to the volume '{volume.id}': reserve it first")


async def terminate_connection(call: Call[Connector]) -> None:
    """Say that nobody is connected any more. The target goes with the attachment."""
    read_flag(call.payload.force)
    volume = await get_own(call)
    for attachment in await _require_by_hand(call, volume.id):
        await operations.change_by_hand(call.tx, attachment, connector=None)
