"""A snapshot: a volume as it was at one moment, independent of it from then on.

creating ──> available ──> deleting ──> gone (or error_deleting)
    └─> error   └──> backing-up ──> available
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.block_storage.model.volume import Allowed, AlreadyDone, Denied

SnapshotId = NewType("SnapshotId", str)


class SnapshotStatus(StrEnum):
    """What a user sees."""

    CREATING = "creating"
    AVAILABLE = "available"
    BACKING_UP = "backing-up"
    DELETING = "deleting"
    ERROR = "error"
    ERROR_DELETING = "error_deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot."""

    id: SnapshotId
    project_id: str
    user_id: str
    volume_id: str
    volume_type_id: str
    name: str | None
    description: str | None
    size_gib: int
    """Size that the volume had."""
    group_snapshot_id: str | None = None
    present: bool = True
    """Whether it is wished at all."""
    marked_status: SnapshotStatus | None = None
    """The status that an admin or driver says it has, whatever is seen."""
    marked_progress: str | None = None
    generation: int = 1
    desired_at: datetime.datetime
    created_at: datetime.datetime
    updated_at: datetime.datetime | None = None
    host_id: str | None
    """The host that keeps the volume, and so the snapshot."""
    is_whole: bool = False
    """Observed: whether its file is there."""
    error: str = ""
    """Observed: why the wish is not fulfilled yet; empty when nothing is known."""
    failed: bool = False
    """Observed: whether it is given up until the wish changes."""
    status: SnapshotStatus = SnapshotStatus.CREATING
    """Derived by `snapshot_status`, kept for filters."""

    @property
    def progress(self) -> str:
        """How far it is, as Cinder prints it."""
        if self.marked_progress is not None:
            return self.marked_progress
        return "100%" if self.is_whole else "0%"


def snapshot_status(snapshot: Snapshot, *, is_backed_up: bool = False) -> SnapshotStatus:
    """What a user sees of a snapshot. Pure."""
    if not snapshot.present:
        return SnapshotStatus.ERROR_DELETING if snapshot.failed else SnapshotStatus.DELETING
    if snapshot.marked_status is not None:
        return snapshot.marked_status
    if not snapshot.is_whole:
        return SnapshotStatus.ERROR if snapshot.failed else SnapshotStatus.CREATING
    return SnapshotStatus.BACKING_UP if is_backed_up else SnapshotStatus.AVAILABLE


_DELETABLE = frozenset(
    {SnapshotStatus.AVAILABLE, SnapshotStatus.ERROR, SnapshotStatus.ERROR_DELETING}
)


def may_delete(snapshot: Snapshot) -> Allowed | AlreadyDone | Denied:
    """Whether a snapshot may be deleted now. Pure."""
    if not snapshot.present:
        return AlreadyDone()
    if snapshot.status in _DELETABLE:
        return Allowed()
    wanted = ", ".join(sorted(_DELETABLE))
    return Denied(
        f"cannot delete the snapshot '{snapshot.id}': its status is {snapshot.status}, it must be "
        f"one of: {wanted}"
    )
