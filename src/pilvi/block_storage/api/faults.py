"""How our errors look in a block storage fault."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http.faults import status_of
from pilvi.errors import PilviError, QuotaExceeded

NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    501: "notImplemented",
    503: "serviceUnavailable",
}
"""Key of the fault by status; all others are computeFault."""


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body: `{"badRequest": {code, message}}`; a quota is 413, as Cinder has it."""
    status = 413 if isinstance(error, QuotaExceeded) else status_of(error)
    row: dict[str, Any] = {"code": status, "message": error.message}
    headers = {}
    if status == 413:
        row["retryAfter"] = headers["retry-after"] = "0"
    if status == 503:
        headers["retry-after"] = "2"
    return status, {NAMES.get(status, "computeFault"): row}, headers
