"""Makes volumes, their targets and their copies so."""

from pilvi.block_storage.reconcilers.backup import BackupReconciler
from pilvi.block_storage.reconcilers.group import GroupReconciler, GroupSnapshotReconciler
from pilvi.block_storage.reconcilers.snapshot import SnapshotReconciler
from pilvi.block_storage.reconcilers.upload import UploadReconciler
from pilvi.block_storage.reconcilers.volume import VolumeReconciler
from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.settings import Settings


def build_reconcilers(db: Database, settings: Settings) -> list[Reconciler]:
    """Everything of block storage that has to converge."""
    return [
        VolumeReconciler(db, settings),
        SnapshotReconciler(db, settings),
        BackupReconciler(db, settings),
        UploadReconciler(db),
        GroupReconciler(db),
        GroupSnapshotReconciler(db),
    ]
