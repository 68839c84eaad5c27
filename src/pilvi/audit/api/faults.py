"""How our errors look in the audit's replies."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http.faults import status_of
from pilvi.errors import PilviError


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """A fault body."""
    status = status_of(error)
    return status, {"auditFault": {"code": status, "message": error.message}}, {}
