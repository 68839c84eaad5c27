"""Makes providers follow their hosts."""

from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.placement.reconcilers.provider import ProviderReconciler
from pilvi.settings import Settings


def build_reconcilers(db: Database, settings: Settings) -> list[Reconciler]:
    """Everything of placement that has to converge."""
    return [ProviderReconciler(db, settings)]
