"""What a caller may do with snapshots. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.model.quota import METADATA_ITEMS_MAX
from pilvi.block_storage.model.snapshot import Snapshot, SnapshotId, SnapshotStatus, may_delete
from pilvi.block_storage.model.volume import Action, Denied, Volume
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.status import save_snapshot_status
from pilvi.block_storage.operations.volume_types import get_type
from pilvi.block_storage.operations.volumes import (
    admit,
    check_not_copied,
    delete_volume,
    force_delete_volume,
)
from pilvi.block_storage.store import backups
from pilvi.block_storage.store import snapshots as store
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest, QuotaExceeded

SNAPSHOT_WAKE = "volume-snapshot"
"""Kind of the wake-up that a snapshot's reconciler answers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSnapshot:
    """What a new snapshot is to be called."""

    user_id: str
    name: str | None = None
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    """Whether a volume may be in use."""
    group_snapshot_id: str | None = None


async def create_snapshot(tx: Transaction, volume: Volume, wanted: NewSnapshot) -> Snapshot:
    """Wish for a snapshot of a volume as it is now or a little later.

    Raises `InvalidRequest` when the volume is neither available nor, with force, in use, and
    `QuotaExceeded`.
    """
    await admit(tx, Action.COPY_ATTACHED if wanted.force else Action.COPY, volume)
    size_gib = volume.current_size_gib
    volume_type = await get_type(tx, volume.volume_type_id, None)
    await check_room(
        tx, volume.project_id, volume_type=volume_type.name, snapshots=1, gigabytes=size_gib
    )
    moment = now()
    snapshot = Snapshot(
        id=SnapshotId(str(uuid.uuid4())),
        project_id=volume.project_id,
        user_id=wanted.user_id,
        volume_id=volume.id,
        volume_type_id=volume.volume_type_id,
        name=wanted.name,
        description=wanted.description,
        size_gib=size_gib,
        group_snapshot_id=wanted.group_snapshot_id,
        desired_at=moment,
        created_at=moment,
        host_id=volume.host_id,
    )
    await store.insert_snapshot(tx, snapshot)
    await save_metadata(tx, snapshot, wanted.metadata)
    tx.wake(SNAPSHOT_WAKE, snapshot.id)
    return snapshot


async def get_snapshot(tx: Transaction, id: str, project_id: str | None) -> Snapshot:
    """One snapshot of a project (None: of any). Raises `NotFound`."""
    return await store.get_snapshot(tx, id, project_id)


async def update_snapshot(tx: Transaction, snapshot: Snapshot, **values: Any) -> Snapshot:
    """Change what a snapshot is called."""
    if values:
        await store.update_snapshot(tx, snapshot.id, updated_at=now(), **values)
    return await store.get_snapshot(tx, snapshot.id, None)


async def save_metadata(tx: Transaction, snapshot: Snapshot, wanted: Mapping[str, str]) -> None:
    """Give a snapshot exactly this metadata. Raises `QuotaExceeded` for too much of it."""
    if len(wanted) > METADATA_ITEMS_MAX:
        raise QuotaExceeded(f"cannot keep more than {METADATA_ITEMS_MAX} metadata items a snapshot")
    await store.replace_metadata(tx, snapshot.id, wanted)


async def delete_snapshot(tx: Transaction, snapshot: Snapshot) -> None:
    """Wish a snapshot away. Raises `InvalidRequest` while it is used."""
    found = may_delete(snapshot)
    if isinstance(found, Denied):
        raise InvalidRequest(found.reason)
    if snapshot.group_snapshot_id is not None:
        raise InvalidRequest(
            f"cannot delete the snapshot '{snapshot.id}': it is part of the group snapshot "
            f"{snapshot.group_snapshot_id}; delete that"
        )
    await check_not_copied(tx, "snapshot", snapshot.id)
    await drop_snapshot(tx, snapshot)


async def drop_snapshot(tx: Transaction, snapshot: Snapshot) -> None:
    """Wish a snapshot away whatever its status."""
    await desire_snapshot(tx, snapshot, present=False, marked_status=None)


async def mark_status(
    tx: Transaction, snapshot: Snapshot, wanted: SnapshotStatus, progress: str | None = None
) -> None:
    """Say as an admin what a snapshot's status is; `available` takes the mark away."""
    mark = None if wanted is SnapshotStatus.AVAILABLE else wanted
    await desire_snapshot(tx, snapshot, marked_status=mark, marked_progress=progress)


async def delete_cascade(tx: Transaction, volume: Volume, *, force: bool = False) -> None:
    """Wish a volume away with all its snapshots. Raises as `delete_volume` does."""
    for snapshot in await store.list_by(tx, volume_id=volume.id):
        if snapshot.project_id != volume.project_id:
            continue
        if not force:
            await check_not_copied(tx, "snapshot", snapshot.id)
            if await backups.has_unfinished(tx, snapshot_id=snapshot.id):
                raise InvalidRequest(
                    f"cannot delete the snapshot '{snapshot.id}': it is being backed up"
                )
        await drop_snapshot(tx, snapshot)
    if force:
        await force_delete_volume(tx, volume)
    else:
        await delete_volume(tx, volume, with_snapshots=True)


async def desire_snapshot(tx: Transaction, snapshot: Snapshot, **values: Any) -> None:
    """Change what is wished; failures of an older wish do not count any more."""
    moment = now()
    await store.update_snapshot(
        tx,
        snapshot.id,
        generation=snapshot.generation + 1,
        desired_at=moment,
        updated_at=moment,
        error="",
        failed=False,
        **values,
    )
    await save_snapshot_status(tx, snapshot.id)
    tx.wake(SNAPSHOT_WAKE, snapshot.id)
