"""The block storage API as it is mounted."""

from pilvi.block_storage.api.faults import fault
from pilvi.block_storage.api.policies import RULES
from pilvi.block_storage.api.routes import DISCOVERY, ROUTES
from pilvi.block_storage.api.versions import VERSIONS
from pilvi.core.http import Service


def build_service() -> Service:
    """Everything the dispatcher needs of block storage."""
    return Service(
        name="block_storage",
        other_types=("volumev3", "volume"),
        discovery_root="/volume",
        discovery=DISCOVERY,
        root="/volume/v3",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        versions=VERSIONS,
        accepts_project_in_path=True,
    )
