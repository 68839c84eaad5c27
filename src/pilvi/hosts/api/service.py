"""The host contract as it is mounted."""

from pilvi.core.http import Service
from pilvi.hosts.api.faults import fault
from pilvi.hosts.api.policies import RULES
from pilvi.hosts.api.routes import ROUTES
from pilvi.hosts.operations.signals import HostSignals


def build_service(signals: HostSignals) -> Service:
    """Everything the dispatcher needs of the host contract."""
    return Service(
        name="hosts",
        root="/host/v1",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        parts={HostSignals: signals},
    )
