"""What a caller may do with backups. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.model.backup import (
    CHAIN_MAX,
    Backup,
    BackupId,
    BackupStatus,
    may_delete,
)
from pilvi.block_storage.model.snapshot import Snapshot, SnapshotStatus
from pilvi.block_storage.model.volume import Action, Denied, Volume
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.sources import SourceWish, origin_of_backup
from pilvi.block_storage.operations.status import (
    save_backup_status,
    save_snapshot_status,
    save_status,
)
from pilvi.block_storage.operations.volumes import (
    NewVolume,
    admit,
    check_not_copied,
    create_volume,
    replace_content,
    save_metadata,
)
from pilvi.block_storage.store import backups as store
from pilvi.block_storage.store import volumes
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest

BACKUP_WAKE = "volume-backup"
"""Kind of the wake-up that a backup's reconciler answers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBackup:
    """What a new backup is to be."""

    user_id: str
    name: str | None = None
    description: str | None = None
    container: str | None = None
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    incremental: bool = False
    force: bool = False
    """Whether a volume may be in use."""


async def create_backup(
    tx: Transaction, volume: Volume, snapshot: Snapshot | None, wanted: NewBackup
) -> Backup:
    """Wish for a backup of a volume, or of its snapshot.

    Raises `InvalidRequest` when what is backed up is not ready, or when nothing is there to differ
    from, and `QuotaExceeded`.
    """
    if snapshot is None:
        await admit(tx, Action.COPY_ATTACHED if wanted.force else Action.COPY, volume)
    elif snapshot.volume_id != volume.id:
        raise InvalidRequest(f"cannot back up '{snapshot.id}': it is of another volume")
    elif snapshot.status is not SnapshotStatus.AVAILABLE:
        raise InvalidRequest(
            f"cannot back up the snapshot '{snapshot.id}': its status is {snapshot.status}, it "
            "must be available"
        )
    size_gib = volume.current_size_gib if snapshot is None else snapshot.size_gib
    await check_room(tx, volume.project_id, backups=1, backup_gigabytes=size_gib)
    parent = await _find_parent(tx, volume) if wanted.incremental else None
    moment = now()
    backup = Backup(
        id=BackupId(str(uuid.uuid4())),
        project_id=volume.project_id,
        user_id=wanted.user_id,
        volume_id=volume.id,
        snapshot_id=None if snapshot is None else snapshot.id,
        parent_id=None if parent is None else parent.id,
        name=wanted.name,
        description=wanted.description,
        container=wanted.container,
        availability_zone=wanted.availability_zone,
        size_gib=size_gib,
        metadata=dict(wanted.metadata),
        volume_facts=await _describe(tx, volume),
        data_timestamp=moment if snapshot is None else snapshot.created_at,
        desired_at=moment,
        created_at=moment,
        host_id=volume.host_id,
    )
    await store.insert_backup(tx, backup)
    await save_source_status(tx, backup)
    tx.wake(BACKUP_WAKE, backup.id)
    return backup


async def _find_parent(tx: Transaction, volume: Volume) -> Backup:
    found = [
        one
        for one in await store.list_by(tx, volume_id=volume.id, project_id=volume.project_id)
        if one.status is BackupStatus.AVAILABLE and one.host_id == volume.host_id
    ]
    if not found:
        raise InvalidRequest(
            f"cannot make an incremental backup of the volume '{volume.id}': it has no whole "
            "backup that is available; make a full one first"
        )
    parent = max(found, key=lambda one: one.data_timestamp)
    if len(await list_chain(tx, parent)) >= CHAIN_MAX:
        raise InvalidRequest(
            f"cannot make an incremental backup: {CHAIN_MAX} follow each other already; make a "
            "full one"
        )
    return parent


async def list_chain(tx: Transaction, backup: Backup) -> list[str]:
    """Folders from the full backup to this one, oldest first."""
    chain = [backup.folder]
    while backup.parent_id is not None:
        backup = await store.get_backup(tx, backup.parent_id, None)
        chain.insert(0, backup.folder)
    return chain


async def _describe(tx: Transaction, volume: Volume) -> dict[str, Any]:
    user = await list_metadata(tx, MetadataKind.USER, [volume.id])
    image = await list_metadata(tx, MetadataKind.IMAGE, [volume.id])
    return {
        "name": volume.name,
        "description": volume.description,
        "bootable": volume.bootable,
        "metadata": user.get(volume.id, {}),
        "image_metadata": image.get(volume.id, {}),
    }


async def get_backup(tx: Transaction, id: str, project_id: str | None) -> Backup:
    """One backup of a project (None: of any). Raises `NotFound`."""
    return await store.get_backup(tx, id, project_id)


async def update_backup(tx: Transaction, backup: Backup, **values: Any) -> Backup:
    """Change what a backup is called."""
    if values:
        await store.update_backup(tx, backup.id, updated_at=now(), **values)
    return await store.get_backup(tx, backup.id, None)


async def delete_backup(tx: Transaction, backup: Backup, *, force: bool = False) -> None:
    """Wish a backup away. Raises `InvalidRequest` while it is used, by others or in a restore."""
    dependents = bool(await store.list_by(tx, parent_id=backup.id))
    found = may_delete(backup, has_dependents=dependents)
    if isinstance(found, Denied) and (dependents or not force):
        raise InvalidRequest(found.reason)
    await check_not_copied(tx, "backup", backup.id)
    await desire_backup(tx, backup, present=False, marked_status=None)


async def mark_status(tx: Transaction, backup: Backup, wanted: BackupStatus) -> None:
    """Say as an admin what a backup's status is; `available` takes the mark away."""
    mark = None if wanted is BackupStatus.AVAILABLE else wanted
    await desire_backup(tx, backup, marked_status=mark)


async def restore_backup(
    tx: Transaction, backup: Backup, user_id: str, volume: Volume | None, name: str | None
) -> Volume:
    """Wish for a backup's bytes in a new volume, or in place of all those of a given one.

    Raises `InvalidRequest` when one of them is not ready or the volume is smaller.
    """
    origin = await origin_of_backup(tx, backup)
    if volume is None:
        wanted = NewVolume(
            project_id=backup.project_id,
            user_id=user_id,
            name=name or f"restore_backup_{backup.id}",
            description=backup.volume_facts.get("description"),
            source=SourceWish(backup_id=backup.id),
        )
        return await create_volume(tx, wanted)
    await admit(tx, Action.RESTORE, volume)
    if volume.current_size_gib < backup.size_gib:
        raise InvalidRequest(
            f"cannot restore the backup to the volume '{volume.id}': it has "
            f"{volume.current_size_gib} GiB, the backup {backup.size_gib}"
        )
    if volume.host_id != backup.host_id:
        raise InvalidRequest(
            f"cannot restore the backup to the volume '{volume.id}': another host keeps it; "
            "restore to a new volume"
        )
    assert origin.source is not None
    await replace_content(tx, volume, origin.source, bootable=origin.bootable)
    await save_metadata(tx, volume, MetadataKind.USER, origin.metadata)
    await save_backup_status(tx, backup.id)
    return await volumes.get_volume(tx, volume.id, None)


async def save_source_status(tx: Transaction, backup: Backup) -> None:
    """Derive the status of what is backed up anew. Repeatable."""
    if backup.snapshot_id is None:
        await save_status(tx, backup.volume_id)
    else:
        await save_snapshot_status(tx, backup.snapshot_id)


async def desire_backup(tx: Transaction, backup: Backup, **values: Any) -> None:
    """Change what is wished; failures of an older wish do not count any more."""
    moment = now()
    await store.update_backup(
        tx,
        backup.id,
        generation=backup.generation + 1,
        desired_at=moment,
        updated_at=moment,
        error="",
        failed=False,
        **values,
    )
    await save_backup_status(tx, backup.id)
    await save_source_status(tx, backup)
    tx.wake(BACKUP_WAKE, backup.id)
