"""How servers get hold of volumes. In the caller's transaction; all repeatable.

The order is reserve, find the connection (None until the target answers), mark attached, begin
to detach, release; the row goes when the host has shown that the target is gone. The server's
reconciler ("server") is woken when a target answers, changes or goes. Attachments made by hand,
through the block storage API, are in `hand_attachments.py`; servers do not see those.
"""

import secrets
import string
import uuid
from collections.abc import Sequence
from typing import Any

from pilvi.block_storage.model.attachment import (
    UNIT,
    Attachment,
    AttachmentId,
    AttachmentState,
)
from pilvi.block_storage.model.volume import GIB, Action, Denied, Volume, VolumeStatus, may
from pilvi.block_storage.operations.status import find_work, save_status
from pilvi.block_storage.operations.volumes import WAKE
from pilvi.block_storage.store import attachments as store
from pilvi.block_storage.store import volumes
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict
from pilvi.host_api.vms import VolumeConnection

# RFC 3720 wants CHAP secrets of 12 characters at least; some initiators take 16 at most. 16 of
# these are 95 random bits.
PASSWORD_CHARACTERS = 16
_LETTERS = string.ascii_letters + string.digits


def _make_secret(characters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(characters))


async def reserve_attachment(  # noqa: PLR0913  # a reservation has that many parts
    tx: Transaction,
    *,
    volume_id: str,
    server_id: str,
    project_id: str | None,
    device: str,
    read_only: bool = False,
    may_wait: bool = False,
) -> Attachment:
    """Keep a volume for a server; the same server's reservation again is the one it has.

    `may_wait` takes a volume that is still being made: its target answers when it is whole. Raises
    `NotFound` for a volume that the project (None: any) has not, and `Conflict` when it is not
    available.
    """
    volume = await volumes.get_volume(tx, volume_id, project_id)
    held = (await store.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    for attachment in held:
        if attachment.server_id == server_id and attachment.present and not attachment.by_hand:
            return attachment
    is_new = may_wait and volume.status is VolumeStatus.CREATING and not held
    found = may(Action.ATTACH, volume, held, await find_work(tx, volume.id))
    if isinstance(found, Denied) and not is_new:
        raise Conflict(found.reason)
    attachment = make_attachment(volume, server_id, device, read_only=read_only)
    await store.insert_attachment(tx, attachment)
    await note_change(tx, volume.id)
    return attachment


def make_attachment(
    volume: Volume, server_id: str, device: str, *, read_only: bool, by_hand: bool = False
) -> Attachment:
    """A new attachment with an account of its own."""
    return Attachment(
        id=AttachmentId(str(uuid.uuid4())),
        volume_id=volume.id,
        server_id=server_id,
        project_id=volume.project_id,
        device=device.removeprefix("/dev/"),
        read_only=read_only or bool(volume.is_read_only),
        state=AttachmentState.ATTACHING,
        present=True,
        username=_make_secret(PASSWORD_CHARACTERS),
        password=_make_secret(PASSWORD_CHARACTERS),
        created_at=now(),
        attached_at=None,
        iqn="",
        exported=False,
        portal="",
        by_hand=by_hand,
        shared=volume.multiattach,
    )


async def find_connection(tx: Transaction, attachment_id: str) -> VolumeConnection | None:
    """How a vm reaches the volume; None until its target is seen to answer."""
    attachment = await store.find_attachment(tx, attachment_id)
    if attachment is None or not attachment.exported or not attachment.present:
        return None
    volume = await volumes.get_volume(tx, attachment.volume_id, None)
    return VolumeConnection(
        attachment_id=attachment.id,
        volume_id=volume.id,
        device=attachment.device,
        portal=attachment.portal,
        iqn=attachment.iqn,
        lun=UNIT,
        username=attachment.username,
        password=attachment.password,
        size_bytes=volume.current_size_gib * GIB,
        read_only=attachment.read_only,
    )


async def renew_account(tx: Transaction, attachment_id: str) -> None:
    """Let nobody in any more who knows the volume's connection: a host that is down and comes back.

    The target is made anew with another account, which logs out who is still there; until it
    answers there is no connection. Not repeatable: each call makes another account.
    """
    attachment = await store.find_attachment(tx, attachment_id)
    if attachment is None or not attachment.present:
        return
    account = {name: _make_secret(PASSWORD_CHARACTERS) for name in ("username", "password")}
    await _move(tx, attachment, exported=False, portal="", **account)


async def mark_attached(tx: Transaction, attachment_id: str) -> None:
    """Take note that the guest has the volume: it is in use."""
    attachment = await store.find_attachment(tx, attachment_id)
    if attachment is None or attachment.state is not AttachmentState.ATTACHING:
        return
    await _move(tx, attachment, state=AttachmentState.ATTACHED, attached_at=now())


async def begin_detach(tx: Transaction, attachment_id: str) -> None:
    """Take note that the guest is to give the volume up."""
    attachment = await store.find_attachment(tx, attachment_id)
    if attachment is not None and attachment.state is not AttachmentState.DETACHING:
        await _move(tx, attachment, state=AttachmentState.DETACHING)


async def release_attachment(tx: Transaction, attachment_id: str) -> bool:
    """Take note that no vm holds the volume any more: its target may go.

    Returns whether the attachment is gone, so that another server may have the volume.
    """
    attachment = await store.find_attachment(tx, attachment_id)
    if attachment is None:
        return True
    if attachment.present:
        await _move(tx, attachment, state=AttachmentState.DETACHING, present=False)
    return False


async def list_server_attachments(
    tx: Transaction, server_ids: Sequence[str]
) -> dict[str, list[Attachment]]:
    """The attachments of some servers until each is gone, by server, oldest first."""
    found = await store.list_of_servers(tx, server_ids)
    known = {
        server_id: [one for one in attachments if not one.by_hand]
        for server_id, attachments in found.items()
    }
    return {server_id: attachments for server_id, attachments in known.items() if attachments}


async def _move(tx: Transaction, attachment: Attachment, **values: Any) -> None:
    await store.update_attachment(tx, attachment.id, **values)
    await note_change(tx, attachment.volume_id)


async def note_change(tx: Transaction, volume_id: str) -> None:
    """Derive the status of a volume whose attachments changed, and let its host follow."""
    await save_status(tx, volume_id)
    tx.wake(WAKE, volume_id)
