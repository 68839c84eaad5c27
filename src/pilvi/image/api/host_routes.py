"""THE SURFACE of images to hosts."""

from pilvi.core.http import Route
from pilvi.image.api.hosts import send_image_to_host, take_capture_from_host

HOST_ROUTES = [
    Route("GET", "/{image_id}/data", send_image_to_host, "image:host_data"),
    Route(
        "PUT",
        "/{image_id}/data",
        take_capture_from_host,
        "image:host_data",
        status=204,
        access="none",
    ),
]
