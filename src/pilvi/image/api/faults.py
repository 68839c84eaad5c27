"""How our errors look in an image fault.

Glance leaves its errors to WebOb, which answers a client that accepts JSON with the members
`message`, `code` ("404 Not Found") and `title`; every client gets that form here, because it is
the one whose message all of them show.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pilvi import errors
from pilvi.core.http.faults import status_of
from pilvi.errors import PilviError

PATCH_TYPE = "application/openstack-images-v2.1-json-patch"
OLD_PATCH_TYPE = "application/openstack-images-v2.0-json-patch"
PATCH_TYPES = (PATCH_TYPE, OLD_PATCH_TYPE)


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body, with Glance's status for each kind."""
    # Glance answers 413 for every quota, as it does for too many bytes.
    status = 413 if isinstance(error, errors.QuotaExceeded) else status_of(error)
    headers = {}
    if status == 401:
        headers["www-authenticate"] = "Keystone uri"
    if status == 415:
        headers["accept-patch"] = ", ".join(PATCH_TYPES)
    if status == 503:
        headers["retry-after"] = "2"
    return status, render_fault(status, error.message), headers


def render_fault(status: int, message: str) -> dict[str, str]:
    """The body of a fault. Pure."""
    title = HTTPStatus(status).phrase
    return {"message": message, "code": f"{status} {title}", "title": title}
