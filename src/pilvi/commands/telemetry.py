"""Traces for OpenTelemetry: a span for each request and for each step of a plan.

They are made where the extra `pilvi[telemetry]` is installed and OpenTelemetry's own environment
names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`); how much is kept, and under which names, that
environment says too.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog

from pilvi.core.reconcile.taking import Taken, Work, watch_steps
from pilvi.core.requests import current_request

if TYPE_CHECKING:
    # Agents, which serve nothing, do without the whole of HTTP's server side.
    from opentelemetry.sdk.trace import TracerProvider
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

_COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_REQUEST_ID = b"x-openstack-request-id"


class Tracing:
    """The spans of one process."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        self._provider = provider
        self._tracer = provider.get_tracer("pilvi")
        self._extract = extract
        self._server = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)

    def traced(self, app: "ASGIApp") -> "ASGIApp":
        """The application, with a span around each request; it goes on a caller's trace."""
        from pilvi.core.http.measured import ROUTE, printable_path

        async def serve(scope: "Scope", receive: "Receive", send: "Send") -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            caller = self._extract(_read(scope["headers"]))
            method = scope["method"]
            with self._tracer.start_as_current_span(method, caller, self._server) as span:
                span.set_attribute("http.request.method", method)

                async def watched(message: "Message") -> None:
                    if message["type"] == "http.response.start":
                        status = message["status"]
                        span.set_attribute("http.response.status_code", status)
                        request_id = dict(message["headers"]).get(_REQUEST_ID)
                        if request_id is not None:
                            span.set_attribute("pilvi.request_id", request_id.decode())
                        if status >= 500:
                            span.set_status(self._failed)
                    await send(message)

                try:
                    await app(scope, receive, watched)
                finally:
                    # Not before: a path may have a token in it, which its route tells.
                    span.set_attribute("url.path", printable_path(scope))
                if (route := scope.get(ROUTE)) is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)

        return serve

    async def watch(self, taken: Taken, work: Work) -> Any:
        """A span around one step; what it fails with is written there."""
        name = taken.step if isinstance(taken.step, str) else type(taken.step).__name__
        about = {"pilvi.kind": str(taken.kind), "pilvi.id": taken.id}
        if request_id := current_request():
            about["pilvi.request_id"] = request_id
        with self._tracer.start_as_current_span(f"{taken.kind} {name}", attributes=about):
            return await work()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_tracing(process: str) -> Tracing | None:
    """The spans of this process; None where nobody wants them.

    Says so in the log when somebody does and the extra is not installed.
    """
    if not any(map(os.environ.get, _COLLECTORS)):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("cannot send traces: install pilvi[telemetry]")
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": process}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracing = Tracing(provider)
    watch_steps(tracing.watch)
    return tracing


def _read(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
