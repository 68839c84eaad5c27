"""Attachments made through the block storage API, not by servers. In the caller's transaction.

Who connects by hand is not known to compute: such an attachment may be ended by hand. One that a
server has, is ended through compute only, or the target would be pulled from under the guest.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.model.volume import Action, Denied, Volume, may
from pilvi.block_storage.operations.attachments import make_attachment, note_change
from pilvi.block_storage.operations.status import find_work
from pilvi.block_storage.operations.volumes import desire_volume
from pilvi.block_storage.store import attachments as store
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest


async def make_by_hand(  # noqa: PLR0913  # an attachment has that many parts
    tx: Transaction,
    volume: Volume,
    *,
    server_id: str = "",
    device: str = "",
    read_only: bool = False,
    connector: Mapping[str, Any] | None = None,
    state: AttachmentState = AttachmentState.RESERVED,
) -> Attachment:
    """Keep a volume for somebody. Raises `InvalidRequest` when it is not available."""
    held = (await store.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    found = may(Action.ATTACH, volume, held, await find_work(tx, volume.id))
    if isinstance(found, Denied):
        raise InvalidRequest(found.reason)
    if volume.is_read_only and not read_only and connector is not None:
        raise InvalidRequest(
            f"cannot attach the volume '{volume.id}' for writing: it is read-only; use mode ro"
        )
    attachment = dataclasses.replace(
        make_attachment(volume, server_id, device, read_only=read_only, by_hand=True),
        state=state,
        connector=connector,
        attached_at=now() if state is AttachmentState.ATTACHED else None,
    )
    await store.insert_attachment(tx, attachment)
    await note_change(tx, volume.id)
    return attachment


async def list_by_hand(tx: Transaction, volume: Volume) -> list[Attachment]:
    """The attachments of a volume that were made by hand."""
    held = (await store.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    return [one for one in held if one.by_hand and one.present]


async def change_by_hand(tx: Transaction, attachment: Attachment, **values: Any) -> Attachment:
    """Change an attachment that was made by hand. Raises `Conflict` for a server's."""
    require_by_hand(attachment, "change")
    if values.get("state") is AttachmentState.ATTACHED and attachment.attached_at is None:
        values["attached_at"] = now()
    await store.update_attachment(tx, attachment.id, **values)
    await note_change(tx, attachment.volume_id)
    return await store.get_attachment(tx, attachment.id, None)


async def end_by_hand(tx: Transaction, attachment: Attachment) -> None:
    """Wish an attachment away that was made by hand. Raises `Conflict` for a server's."""
    require_by_hand(attachment, "delete")
    await store.update_attachment(tx, attachment.id, state=AttachmentState.DETACHING, present=False)
    await note_change(tx, attachment.volume_id)


def require_by_hand(attachment: Attachment, verb: str) -> None:
    """Raises `Conflict` for an attachment that a server has. Pure."""
    if not attachment.by_hand:
        raise Conflict(
            f"cannot {verb} the attachment '{attachment.id}': the server {attachment.server_id} "
            "has it; detach the volume from the server through the compute API"
        )


async def attach_by_hand(
    tx: Transaction, volume: Volume, *, server_id: str, device: str, read_only: bool
) -> None:
    """Say that a volume is attached now. Raises `InvalidRequest` when it cannot be."""
    for attachment in await list_by_hand(tx, volume):
        if attachment.state in (AttachmentState.ATTACHING, AttachmentState.RESERVED):
            await change_by_hand(
                tx,
                attachment,
                server_id=server_id,
                device=device.removeprefix("/dev/"),
                read_only=read_only or attachment.read_only,
                state=AttachmentState.ATTACHED,
            )
            return
    await make_by_hand(
        tx,
        volume,
        server_id=server_id,
        device=device,
        read_only=read_only,
        state=AttachmentState.ATTACHED,
    )


async def detach_by_hand(tx: Transaction, volume: Volume, attachment_id: str | None) -> None:
    """Wish away what was attached by hand, all of it or one. Repeatable.

    Raises `Conflict` when a server has the volume.
    """
    held = (await store.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    if attachment_id is not None:
        held = [one for one in held if one.id == attachment_id]
    for attachment in held:
        await end_by_hand(tx, attachment)


async def force_detach(tx: Transaction, volume: Volume, attachment_id: str | None) -> None:
    """Wish away what was attached by hand, and an admin's mark. Raises as `detach_by_hand`."""
    await detach_by_hand(tx, volume, attachment_id)
    if volume.marked_status is not None:
        await desire_volume(tx, volume, marked_status=None)
