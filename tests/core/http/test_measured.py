"""What is measured of requests, and what that costs them."""

import time
from typing import Any

import pytest
from prometheus_client import generate_latest

from pilvi.core.http.measured import Measured, RequestMetrics

ROUTE = "/compute/v2.1/servers/{id}"
COST_S_MAX = 20e-6


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once with the status that the path names."""
    status = scope["status"]
    if status == "broken":
        raise RuntimeError
    if status:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})


async def nothing(*words: Any) -> None:
    """Receives and sends nothing."""


def samples(metrics: RequestMetrics) -> str:
    """The page."""
    return generate_latest(metrics.registry).decode()


async def test_requests_are_counted_by_route_and_not_by_id() -> None:
    metrics = RequestMetrics()
    endpoint = Measured(metrics, "compute", ROUTE, answer)
    for status in (200, 204, 404, 0):
        scope = {"method": "GET", "status": status, "path": "/compute/v2.1/servers/secret-id"}
        await endpoint(scope, nothing, nothing)
    page = samples(metrics)
    for status, count in (("2xx", 2), ("4xx", 1), ("none", 1)):
        labels = f'method="GET",route="{ROUTE}",service="compute",status="{status}"'
        assert f"pilvi_http_request_duration_seconds_count{{{labels}}} {count}.0" in page
    assert "secret-id" not in page


async def test_what_a_caller_invents_makes_no_label() -> None:
    metrics = RequestMetrics()
    endpoint = Measured(metrics, "compute", ROUTE, answer)
    await endpoint({"method": "BREW", "status": 405}, nothing, nothing)
    page = samples(metrics)
    assert 'method="other"' in page and "BREW" not in page


async def test_what_is_served_now_is_seen_and_comes_to_an_end_by_error_too() -> None:
    metrics = RequestMetrics()

    async def look(scope: Any, receive: Any, send: Any) -> None:
        assert 'pilvi_http_requests_in_flight{service="compute"} 1.0' in samples(metrics)
        raise RuntimeError

    endpoint = Measured(metrics, "compute", ROUTE, look)
    with pytest.raises(RuntimeError):
        await endpoint({"method": "GET"}, nothing, nothing)
    assert 'pilvi_http_requests_in_flight{service="compute"} 0.0' in samples(metrics)


async def cost_s(requests: int = 5000, rounds: int = 5) -> float:
    """Processor seconds that measuring adds to a request: the best of some rounds."""
    plain = answer
    measured = Measured(RequestMetrics(), "compute", ROUTE, answer)
    scope = {"method": "GET", "status": 200}
    best = {}
    for name, endpoint in (("plain", plain), ("measured", measured)):
        for _ in range(rounds):
            began = time.process_time()
            for _ in range(requests):
                await endpoint(scope, nothing, nothing)
            took = (time.process_time() - began) / requests
            best[name] = min(took, best.get(name, took))
    return best["measured"] - best["plain"]


async def test_measuring_costs_next_to_nothing() -> None:
    assert await cost_s() < COST_S_MAX
