"""Offers of volumes to other projects. In the caller's transaction."""

import uuid

from pilvi.block_storage.model.transfer import Transfer, make_key, opens
from pilvi.block_storage.model.volume import Action, Volume
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.volume_types import get_type
from pilvi.block_storage.operations.volumes import WAKE, admit, desire_volume
from pilvi.block_storage.store import snapshots, volumes
from pilvi.block_storage.store import transfers as store
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest, NotFound


async def create_transfer(
    tx: Transaction, volume: Volume, name: str | None, *, no_snapshots: bool
) -> tuple[Transfer, str]:
    """Offer a volume; the key that takes it is told only now.

    Raises `InvalidRequest` unless the volume is available and whole.
    """
    await admit(tx, Action.TRANSFER, volume)
    if volume.group_id is not None:
        raise InvalidRequest(f"cannot transfer the volume '{volume.id}': it is part of a group")
    if not no_snapshots:
        for snapshot in await snapshots.list_by(tx, volume_id=volume.id):
            if snapshot.status != "available":
                raise InvalidRequest(
                    f"cannot transfer the volume '{volume.id}': its snapshot {snapshot.id} is "
                    f"{snapshot.status}"
                )
    key, salt, key_hash = make_key()
    transfer = Transfer(
        id=str(uuid.uuid4()),
        volume_id=volume.id,
        project_id=volume.project_id,
        name=name,
        salt=salt,
        key_hash=key_hash,
        no_snapshots=no_snapshots,
        created_at=now(),
    )
    await store.insert_transfer(tx, transfer)
    await save_status(tx, volume.id)
    return transfer, key


async def get_transfer(tx: Transaction, id: str, project_id: str | None) -> Transfer:
    """One offer of a project (None: of any). Raises `NotFound`."""
    found = await store.find_transfer(tx, project_id, id=id)
    if found is None:
        raise NotFound(f"cannot find the volume transfer '{id}'")
    return found


async def delete_transfer(tx: Transaction, transfer: Transfer) -> None:
    """Take an offer back."""
    await store.delete_transfer(tx, transfer.id)
    await save_status(tx, transfer.volume_id)
    tx.wake(WAKE, transfer.volume_id)


async def accept_transfer(
    tx: Transaction, transfer: Transfer, key: str, *, project_id: str, user_id: str
) -> Volume:
    """Take an offered volume, with its snapshots unless the offer leaves them out.

    Raises `NotFound` for a wrong key, which tells nothing of the offer, and `QuotaExceeded`.
    """
    if not opens(transfer, key):
        raise NotFound(f"cannot find a volume transfer '{transfer.id}' with this key")
    volume = await volumes.get_volume(tx, transfer.volume_id, None)
    taken = [] if transfer.no_snapshots else await snapshots.list_by(tx, volume_id=volume.id)
    taken = [one for one in taken if one.project_id == transfer.project_id]
    volume_type = await get_type(tx, volume.volume_type_id, None)
    size_gib = volume.size_gib + sum(one.size_gib for one in taken)
    await check_room(
        tx,
        project_id,
        size_gib=volume.size_gib,
        volume_type=volume_type.name,
        volumes=1,
        gigabytes=size_gib,
        snapshots=len(taken),
    )
    await store.delete_transfer(tx, transfer.id)
    await desire_volume(tx, volume, project_id=project_id, user_id=user_id)
    for snapshot in taken:
        # Of the group that its volume was in it is no part: that is the former owner's.
        await snapshots.update_snapshot(
            tx,
            snapshot.id,
            project_id=project_id,
            user_id=user_id,
            group_snapshot_id=None,
            updated_at=now(),
        )
    return await volumes.get_volume(tx, volume.id, project_id)
