"""How our errors look in a compute fault: `{"itemNotFound": {"code", "message"}}`."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http import Reply
from pilvi.core.http.faults import status_of
from pilvi.core.http.next_steps import end_with_step
from pilvi.errors import PilviError, Unsupported

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


def gone(message: str) -> Reply:
    """The answer to a call that Nova itself no longer serves."""
    return Reply(
        {"computeFault": {"code": 410, "message": end_with_step(message, Unsupported)}}, status=410
    )


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body, named as Nova names it; what has no name is a computeFault."""
    status = status_of(error)
    headers = {}
    if status == 401:
        headers["www-authenticate"] = "Keystone uri"
    if status in (413, 503):
        headers["retry-after"] = "2"
    name = NAMES.get(status, "computeFault")
    return status, {name: {"code": status, "message": error.message}}, headers
