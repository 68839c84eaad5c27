"""How our errors look in a placement fault."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pilvi.core.http.faults import status_of
from pilvi.core.http.versions import print_version
from pilvi.errors import PilviError, UnsupportedVersion
from pilvi.placement.api.versions import VERSIONS


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body: `{"errors": [{status, title, detail, code, request_id}]}`.

    `code` is there at every version; clients of versions before 1.23 do not look for it.
    """
    status = status_of(error)
    code = error.detail if error.detail.startswith("placement.") else "placement.undefined_code"
    row: dict[str, Any] = {
        "status": status,
        "title": HTTPStatus(status).phrase,
        "detail": error.message,
        "code": code,
        "request_id": request_id,
    }
    if isinstance(error, UnsupportedVersion):
        row["min_version"] = print_version(VERSIONS.minimum)
        row["max_version"] = print_version(VERSIONS.maximum)
    headers = {"retry-after": "2"} if status == 503 else {}
    return status, {"errors": [row]}, headers
