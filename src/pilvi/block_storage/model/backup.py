"""A backup: what a volume held, in the backup directory.

creating ──> available ──> deleting ──> gone (or error_deleting)
    └─> error   └──> restoring ──> available
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from pilvi.block_storage.model.volume import Allowed, AlreadyDone, Denied

BackupId = NewType("BackupId", str)

# Longest chain of incremental backups. Lower: full ones are needed more often; higher: a restore
# reads from more files, and one that is damaged takes more with it.
CHAIN_MAX = 100


class BackupStatus(StrEnum):
    """What a user sees."""

    CREATING = "creating"
    AVAILABLE = "available"
    RESTORING = "restoring"
    DELETING = "deleting"
    ERROR = "error"
    ERROR_DELETING = "error_deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup."""

    id: BackupId
    project_id: str
    user_id: str
    volume_id: str
    snapshot_id: str | None
    parent_id: str | None
    """The backup that this one differs from; None: it is full."""
    name: str | None
    description: str | None
    container: str | None
    availability_zone: str | None
    size_gib: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    volume_facts: Mapping[str, Any] = field(default_factory=dict)
    """What a volume that is made of it gets: name, metadata, image metadata, bootable."""
    data_timestamp: datetime.datetime
    """The moment whose bytes it holds."""
    present: bool = True
    """Whether it is wished at all."""
    marked_status: BackupStatus | None = None
    generation: int = 1
    desired_at: datetime.datetime
    created_at: datetime.datetime
    updated_at: datetime.datetime | None = None
    files_id: str = ""
    """Name of its folder where that is not its id: one that was taken in under another."""
    is_imported: bool = False
    """Whether its files were there before this database knew of them."""
    host_id: str | None
    """The host whose backup directory has it."""
    is_whole: bool = False
    """Observed: whether all its bytes are there."""
    blocks: int = 0
    """Observed: how many blocks it holds itself."""
    error: str = ""
    failed: bool = False
    status: BackupStatus = BackupStatus.CREATING
    """Derived by `backup_status`, kept for filters."""

    @property
    def folder(self) -> str:
        """Name of its folder in the backup directory."""
        return self.files_id or self.id


def backup_status(backup: Backup, *, is_restored: bool = False) -> BackupStatus:
    """What a user sees of a backup. Pure."""
    if not backup.present:
        return BackupStatus.ERROR_DELETING if backup.failed else BackupStatus.DELETING
    if backup.marked_status is not None:
        return backup.marked_status
    if not backup.is_whole:
        return BackupStatus.ERROR if backup.failed else BackupStatus.CREATING
    return BackupStatus.RESTORING if is_restored else BackupStatus.AVAILABLE


_DELETABLE = frozenset({BackupStatus.AVAILABLE, BackupStatus.ERROR, BackupStatus.ERROR_DELETING})


def may_delete(backup: Backup, *, has_dependents: bool) -> Allowed | AlreadyDone | Denied:
    """Whether a backup may be deleted now. Pure."""
    if not backup.present:
        return AlreadyDone()
    if has_dependents:
        return Denied(
            f"cannot delete the backup '{backup.id}': incremental backups depend on it; delete "
            "those first"
        )
    if backup.status in _DELETABLE:
        return Allowed()
    wanted = ", ".join(sorted(_DELETABLE))
    return Denied(
        f"cannot delete the backup '{backup.id}': its status is {backup.status}, it must be one "
        f"of: {wanted}"
    )
