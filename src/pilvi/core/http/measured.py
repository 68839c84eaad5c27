"""How long requests take, by the route they fit, and how many are being served.

Labels are names of this program alone (service, method, route template, class of status): never an
id, a project or anything that a caller chooses, so their number is bounded by the surface.
"""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Seconds; around the goals of this cloud: 10 ms to accept a server, a long poll of a host at most.
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
# Where a request's scope says which route it fit, for those around the application.
ROUTE = "pilvi.route"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def printable_path(scope: Scope) -> str:
    """A request's path for people to read: its route where a token is a part of it. Pure."""
    is_secret = any(name.endswith("token") for name in scope.get("path_params", ()))
    return str(scope[ROUTE] if is_secret else scope["path"])


class RequestMetrics:
    """What all measured endpoints of one process write to. Only from its event loop's thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.in_flight: dict[str, int] = {}
        """Requests that are being served, by service."""
        self.durations = Histogram(
            "pilvi_http_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ("service", "method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """What is not counted but looked at. See prometheus_client's collectors."""
        words = "Requests that are being served, long polls of hosts among them."
        family = GaugeMetricFamily("pilvi_http_requests_in_flight", words, labels=["service"])
        for service, count in self.in_flight.items():
            family.add_metric([service], count)
        yield family


class Measured:
    """An endpoint whose requests are measured."""

    __slots__ = ("_children", "_endpoint", "_metrics", "_route", "_service")

    def __init__(
        self, metrics: RequestMetrics, service: str, route: str, endpoint: ASGIApp
    ) -> None:
        self._metrics = metrics
        self._service = service
        self._route = route
        self._endpoint = endpoint
        self._children: dict[tuple[str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request as an ASGI application."""
        in_flight, service = self._metrics.in_flight, self._service
        in_flight[service] = in_flight.get(service, 0) + 1
        status = 0
        scope[ROUTE] = self._route
        began = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._endpoint(scope, receive, watched)
        finally:
            in_flight[service] -= 1
            self.observe(scope["method"], status, time.perf_counter() - began)

    def observe(self, method: str, status: int, seconds: float) -> None:
        """Take note of one request."""
        key = (method, status // 100)
        child = self._children.get(key)
        if child is None:
            name = method if method in METHODS else "other"
            # The caller went away before there was an answer.
            kind = f"{status // 100}xx" if status else "none"
            child = self._metrics.durations.labels(self._service, name, self._route, kind)
            self._children[key] = child
        child.observe(seconds)
