"""Faults and delays of requests that a test asks for: what a client must live with."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from pilvi.core.http import Service
from pilvi.core.http.answer_faults import make_fault
from pilvi.errors import PilviError


@dataclass
class RequestFault:
    """What happens to the next matching requests."""

    method: str
    """`*` is any."""
    path: str
    """Start of the path: `/compute/v2.1/servers`."""
    error: PilviError | None = None
    """The answer, in the service's own words; None serves the request."""
    delay_s: float = 0.0
    times: int | None = 1
    """How many requests; None is every one."""
    after: bool = False
    """Whether the request has its effect before the answer is lost to the error."""

    def takes(self, method: str, path: str) -> bool:
        """Whether this is for a request, which is then counted."""
        fits = self.method in ("*", method) and path.startswith(self.path) and self.times != 0
        if fits and self.times is not None:
            self.times -= 1
        return fits


async def serve_with_faults(
    faults: list[RequestFault],
    services: list[Service],
    app: ASGIApp,
    call: tuple[Scope, Receive, Send],
) -> None:
    """Serve a request as the first matching fault says, or as the application does."""
    scope, receive, send = call
    path = scope.get("path", "")
    # A WebSocket is no request: what ends consoles is a host's link, or its guest.
    is_request = scope["type"] == "http"
    fault = next((one for one in faults if is_request and one.takes(scope["method"], path)), None)
    if fault is None:
        await app(scope, receive, send)
        return
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.error is None:
        await app(scope, receive, send)
        return
    if fault.after:
        await app(scope, receive, _drop)
    service = next((one for one in services if path.startswith(one.root)), services[0])
    await make_fault(service, fault.error, "req-made-by-the-test")(scope, receive, send)


async def _drop(message: object) -> None:
    """An answer that nobody gets."""
