"""Makes volumes and their targets so."""

from pilvi.block_storage.reconcilers.volume import VolumeReconciler
from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.settings import Settings


def build_reconcilers(db: Database, settings: Settings) -> list[Reconciler]:
    """Everything of block storage that has to converge."""
    return [VolumeReconciler(db, settings)]
