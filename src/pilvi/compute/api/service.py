"""The compute API as it is mounted."""

from pilvi.compute.api.faults import fault
from pilvi.compute.api.policies import RULES
from pilvi.compute.api.routes import DISCOVERY, ROUTES
from pilvi.compute.api.versions import VERSIONS
from pilvi.core.http import Service


def build_service() -> Service:
    """Everything the dispatcher needs of compute."""
    return Service(
        name="compute",
        discovery_root="/compute",
        discovery=DISCOVERY,
        root="/compute/v2.1",
        plain_root="/compute/v2",
        request_id_headers=("x-openstack-request-id", "x-compute-request-id"),
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        versions=VERSIONS,
        accepts_project_in_path=True,
    )
