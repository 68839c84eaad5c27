"""The placement API as it is mounted."""

from pilvi.core.http import Service
from pilvi.placement.api.faults import fault
from pilvi.placement.api.policies import RULES
from pilvi.placement.api.routes import DISCOVERY, ROUTES
from pilvi.placement.api.versions import VERSIONS


def build_service() -> Service:
    """Everything the dispatcher needs of placement."""
    return Service(
        name="placement",
        discovery_root="/placement",
        discovery=DISCOVERY,
        root="/placement",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        versions=VERSIONS,
    )
