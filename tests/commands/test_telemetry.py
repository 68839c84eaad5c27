import asyncio
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from cloud import BASE, running_cloud
from compute.conftest import seed
from pilvi.commands.telemetry import Tracing, open_tracing
from pilvi.core.reconcile.taking import taking, watch_steps

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Spans:
    """Spans of this process, kept here."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Tracing(provider)

    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def only(self) -> ReadableSpan:
        (span,) = self.all()
        return span


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    watch_steps(made.tracing.watch)
    yield made
    watch_steps(None)


async def test_a_request_is_a_span_of_its_callers_trace(tmp_path: Path, spans: Spans) -> None:
    async with running_cloud(tmp_path, seed) as cloud:
        token = await cloud.token()
        transport = httpx.ASGITransport(spans.tracing.traced(cloud.app))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            headers = {"x-auth-token": token, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
            reply = await client.get("/compute/v2.1/servers/none", headers=headers)
    assert reply.status_code == 404
    (span,) = [one for one in spans.all() if one.name.startswith("GET")]
    assert span.name.endswith("/servers/{server_id}") and "none" not in span.name
    assert span.attributes is not None and span.context is not None
    assert span.attributes["http.response.status_code"] == 404
    assert span.attributes["pilvi.request_id"] == reply.headers["x-openstack-request-id"]
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.status.is_unset


async def test_a_token_in_a_path_is_not_told(tmp_path: Path, spans: Spans) -> None:
    async with running_cloud(tmp_path, seed) as cloud:
        headers = {"x-auth-token": await cloud.token("admin")}
        transport = httpx.ASGITransport(spans.tracing.traced(cloud.app))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            for path in ("/compute/v2.1/os-console-auth-tokens/sesame", "/compute/v2.1/servers/x"):
                await client.get(path, headers=headers)
    told = [dict(span.attributes or {}) for span in spans.all() if span.name.startswith("GET")]
    assert "sesame" not in repr(told)
    assert [one["url.path"] for one in told] == [
        "/compute/v2.1/os-console-auth-tokens/{console_token}",
        "/compute/v2.1/servers/x",
    ]


async def test_what_fails_here_is_an_error(spans: Spans) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(spans.tracing.traced(fail))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        assert (await client.get("/")).status_code == 503
    assert not spans.only().status.is_ok and not spans.only().status.is_unset


async def test_a_step_is_a_span_with_what_it_failed_with(spans: Spans) -> None:
    async def fail() -> None:
        raise ValueError("no such disk")

    with pytest.raises(ValueError, match="no such disk"):
        await taking("server", "1", "MakeDisk", fail)
    span = spans.only()
    assert span.name == "server MakeDisk" and span.attributes is not None
    assert span.attributes["pilvi.id"] == "1"
    (event,) = span.events
    assert event.attributes is not None and event.attributes["exception.message"] == "no such disk"


def test_nothing_is_made_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert open_tracing("pilvi-api") is None


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with capture_logs() as logs:
        assert open_tracing("pilvi-api") is None
    assert "pilvi[telemetry]" in logs[0]["event"]


def test_a_collector_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[ExportTraceServiceRequest] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    async def work() -> str:
        return "done"

    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        tracing = open_tracing("pilvi-agent")
        assert tracing is not None
        assert asyncio.run(taking("vm", "2", "StartProcess", work)) == "done"
        tracing.close()
    finally:
        watch_steps(None)
        server.shutdown()
        server.server_close()
    (resource,) = got[0].resource_spans
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert names["service.name"] == "pilvi-agent"
    assert [span.name for one in resource.scope_spans for span in one.spans] == ["vm StartProcess"]
