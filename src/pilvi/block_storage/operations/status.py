"""Keeps the derived status beside what it is derived from. In the caller's transaction."""

from pilvi.block_storage.model.backup import Backup, BackupId, backup_status
from pilvi.block_storage.model.snapshot import Snapshot, SnapshotId, snapshot_status
from pilvi.block_storage.model.volume import Volume, VolumeId, Work, status
from pilvi.block_storage.store import attachments, backups, snapshots, transfers, uploads, volumes
from pilvi.core.db import Transaction, now


async def find_work(tx: Transaction, volume_id: str) -> Work | None:
    """What is done with a volume as a whole."""
    if await transfers.find_transfer(tx, volume_id=volume_id) is not None:
        return Work.AWAITING_TRANSFER
    if await uploads.list_uploads(tx, volume_id):
        return Work.UPLOADING
    if await backups.has_unfinished(tx, volume_id=volume_id, snapshot_id=None):
        return Work.BACKING_UP
    return None


async def save_status(tx: Transaction, id: str) -> Volume | None:
    """Derive a volume's status anew and keep it; the volume as it is now, or None. Repeatable."""
    volume = await volumes.find_volume(tx, id)
    if volume is None:
        return None
    held = (await attachments.list_of_volumes(tx, [id])).get(id, [])
    found = status(volume, held, await find_work(tx, id))
    if found is not volume.status:
        await volumes.update_volume(tx, VolumeId(id), status=found, updated_at=now())
        return await volumes.find_volume(tx, id)
    return volume


async def save_snapshot_status(tx: Transaction, id: str) -> Snapshot | None:
    """Derive a snapshot's status anew and keep it; as it is now, or None. Repeatable."""
    snapshot = await snapshots.find_snapshot(tx, id)
    if snapshot is None:
        return None
    is_backed_up = await backups.has_unfinished(tx, snapshot_id=id)
    found = snapshot_status(snapshot, is_backed_up=is_backed_up)
    if found is not snapshot.status:
        await snapshots.update_snapshot(tx, SnapshotId(id), status=found, updated_at=now())
        return await snapshots.find_snapshot(tx, id)
    return snapshot


async def save_backup_status(tx: Transaction, id: str) -> Backup | None:
    """Derive a backup's status anew and keep it; as it is now, or None. Repeatable."""
    backup = await backups.find_backup(tx, id)
    if backup is None:
        return None
    is_restored = bool(await volumes.list_unfilled(tx, id))
    found = backup_status(backup, is_restored=is_restored)
    if found is not backup.status:
        await backups.update_backup(tx, BackupId(id), status=found, updated_at=now())
        return await backups.find_backup(tx, id)
    return backup
