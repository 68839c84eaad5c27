"""From an error to the answer that a client gets: a fault in the service's own format."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pilvi import errors
from pilvi.core.http.faults import MethodNotAllowed
from pilvi.core.http.next_steps import with_next_step
from pilvi.core.http.service import Service
from pilvi.errors import PilviError

log = structlog.get_logger()


def as_expected(error: Exception, request_id: str) -> PilviError | HTTPException:
    """An error of the closed list, or what Starlette raised; anything else becomes `Internal`."""
    if isinstance(error, PilviError | HTTPException):
        if isinstance(error, PilviError) and error.detail:
            log.info("refused because", request_id=request_id, detail=error.detail)
        return error
    log.error("unexpected", request_id=request_id, exc_info=error)
    return errors.Internal(
        f"cannot serve this request because of a defect of the cloud; its log knows {request_id}"
    )


def make_fault(service: Service, error: PilviError | HTTPException, request_id: str) -> Response:
    """The fault in the service's own format; its message ends with a next step."""
    if isinstance(error, HTTPException):
        if error.status_code != 405:
            raise error
        refused = MethodNotAllowed("cannot use this method here")
        status, body, headers = service.fault(with_next_step(refused), request_id)
        return fault_response(status, body, {**headers, **(error.headers or {})})
    status, body, headers = service.fault(with_next_step(error), request_id)
    return fault_response(status, body, headers)


def fault_response(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    """A fault's body as an answer."""
    return Response(
        msgspec.json.encode(body),
        status,
        dict(headers),
        media_type="application/json",
    )
