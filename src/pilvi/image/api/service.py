"""The image API as it is mounted, and its side towards hosts."""

from pilvi.core.http import Service
from pilvi.image.api.faults import fault
from pilvi.image.api.host_routes import HOST_ROUTES
from pilvi.image.api.hosts import host_fault
from pilvi.image.api.policies import HOST_RULES, RULES
from pilvi.image.api.routes import DISCOVERY, ROUTES
from pilvi.image.store.blobs import Blobs


def build_service(blobs: Blobs) -> Service:
    """Everything the dispatcher needs of images."""
    return Service(
        name="image",
        discovery_root="/image",
        discovery=DISCOVERY,
        root="/image/v2",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        parts={Blobs: blobs},
    )


def build_host_service(blobs: Blobs) -> Service:
    """Everything the dispatcher needs of image bytes for hosts."""
    return Service(
        name="image_hosts",
        root="/host/v1/images",
        routes=HOST_ROUTES,
        rules=HOST_RULES,
        fault=host_fault,
        parts={Blobs: blobs},
    )
