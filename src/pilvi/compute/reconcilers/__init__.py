"""Makes servers, their snapshots and their consoles so."""

from pilvi.compute.reconcilers.console import ConsoleReconciler
from pilvi.compute.reconcilers.server import ServerReconciler
from pilvi.compute.reconcilers.snapshot import SnapshotReconciler
from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.settings import Settings


def build_reconcilers(db: Database, settings: Settings) -> list[Reconciler]:
    """Everything of compute that has to converge."""
    return [ServerReconciler(db, settings), SnapshotReconciler(db), ConsoleReconciler(db)]
