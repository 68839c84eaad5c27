"""How our errors look to an agent."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http.faults import status_of
from pilvi.errors import PilviError


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body of the host contract."""
    return status_of(error), {"kind": error.kind, "message": error.message}, {}
