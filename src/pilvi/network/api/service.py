"""The network API as it is mounted."""

from pilvi.core.http import Service
from pilvi.network.api.faults import fault
from pilvi.network.api.policies import RULES
from pilvi.network.api.routes import DISCOVERY, ROUTES


def build_service() -> Service:
    """Everything the dispatcher needs of the network service."""
    return Service(
        name="network",
        discovery_root="/network",
        discovery=DISCOVERY,
        root="/network/v2.0",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
    )
