"""How our errors look in an identity fault."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pilvi.core.http.faults import status_of
from pilvi.errors import PilviError


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body: `{"error": {code, title, message}}`."""
    status = status_of(error)
    headers = {}
    if status == 401:
        headers["www-authenticate"] = "Keystone uri"
    if status == 503:
        headers["retry-after"] = "2"
    title = HTTPStatus(status).phrase
    return status, {"error": {"code": status, "title": title, "message": error.message}}, headers
