"""How our errors look in a Neutron fault."""

from collections.abc import Mapping
from typing import Any

from pilvi import errors
from pilvi.core.http import Reply
from pilvi.core.http.faults import status_of
from pilvi.core.http.next_steps import with_next_step
from pilvi.errors import PilviError

_STATUS: dict[type[PilviError], int] = {errors.QuotaExceeded: 409, errors.Unsupported: 400}
"""Where Neutron's status is another than the usual one."""

_TYPES: dict[type[PilviError], str] = {
    errors.InvalidRequest: "HTTPBadRequest",
    errors.Unauthenticated: "HTTPUnauthorized",
    errors.Forbidden: "HTTPForbidden",
    errors.NotFound: "HTTPNotFound",
    errors.Conflict: "HTTPConflict",
    errors.QuotaExceeded: "OverQuota",
    errors.NoCapacity: "IpAddressGenerationFailure",
    errors.TooLarge: "HTTPRequestEntityTooLarge",
    errors.Unavailable: "HTTPServiceUnavailable",
    errors.Internal: "HTTPInternalServerError",
}
"""Names that clients look for where Neutron has its own, else the name of the status."""


def fault(error: PilviError, request_id: str) -> tuple[int, Any, Mapping[str, str]]:
    """The fault body: `{"NeutronError": {type, message, detail}}`."""
    status = _STATUS.get(type(error), status_of(error))
    headers = {}
    if status == 401:
        headers["www-authenticate"] = "Keystone uri"
    if status == 503:
        headers["retry-after"] = "2"
    body = {"type": _TYPES.get(type(error), error.kind), "message": error.message, "detail": ""}
    return status, {"NeutronError": body}, headers


def refuse(message: str) -> Reply:
    """The reply to an operation that is not served as a whole: 501.

    A value that is not served is `Unsupported`, and 400 as in Neutron.
    """
    _, body, _ = fault(with_next_step(errors.Unsupported(message)), "")
    return Reply(body, status=501)
