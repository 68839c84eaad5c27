"""What makes hosts agree with the rows of networks."""

from pilvi.core.db import Database
from pilvi.core.reconcile import Reconciler
from pilvi.network.reconcilers.address_set import AddressSetReconciler
from pilvi.network.reconcilers.network import NetworkReconciler
from pilvi.network.reconcilers.port import PortReconciler
from pilvi.network.reconcilers.router import RouterReconciler
from pilvi.network.reconcilers.security_group import SecurityGroupReconciler
from pilvi.network.reconcilers.trace import TraceReconciler
from pilvi.settings import Settings


def build_reconcilers(db: Database, settings: Settings) -> list[Reconciler]:
    """The reconcilers of networks, ports, routers, security groups, their members and traces."""
    return [
        NetworkReconciler(db),
        PortReconciler(db),
        RouterReconciler(db, settings),
        SecurityGroupReconciler(db),
        AddressSetReconciler(db),
        TraceReconciler(db),
    ]
