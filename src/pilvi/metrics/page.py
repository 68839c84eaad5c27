"""`GET /metrics`, and who may read it.

With a token in the state directory (`metrics.token`), whoever shows it as `Authorization: Bearer`;
without one, processes of this machine only. A request that a proxy passed on, or that a browser was
led to by a name of somebody else's, is not one of this machine's. All others learn nothing, not
even that the page is there.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pilvi.core.http.measured import METHODS
from pilvi.errors import InvalidRequest
from pilvi.metrics.families import CloudFamilies
from pilvi.metrics.picture import Picture

log = structlog.get_logger()

PATH = "/metrics"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOOPBACK_NAMES = frozenset({"127.0.0.1", "[::1]", "localhost"})
# Headers by which a proxy says that it passes on what another asked.
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
# Characters of a token. Lower: it can be guessed.
TOKEN_MIN = 16

Look = Callable[[], Awaitable[Picture]]


class _Collects(Protocol):
    registry: CollectorRegistry


def read_token(path: Path) -> str:
    """The operator's token; empty when there is no file. Raises `InvalidRequest`."""
    try:
        token = path.read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InvalidRequest(f"cannot read {path}: {error.strerror}") from error
    if len(token) < TOKEN_MIN or not token.isascii():
        raise InvalidRequest(f"cannot use the token in {path}: at least {TOKEN_MIN} characters")
    return token


def may_read(request: Request, token: str) -> bool:
    """Whether whoever asks may read the page. Pure."""
    if token:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.encode(), token.encode())
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    is_near = request.client is not None and request.client.host in LOOPBACK
    is_passed_on = any(header in request.headers for header in PASSED_ON)
    return is_near and not is_passed_on and name in LOOPBACK_NAMES


class MetricsPage:
    """Serves the page."""

    def __init__(self, token: str, requests: _Collects, look: Look) -> None:
        self._token = token
        self._requests = requests.registry
        self._look = look
        ProcessCollector(registry=self._requests)

    async def serve(self, request: Request) -> Response:
        """The numbers of this process and of the cloud; 404, as for any path, to others."""
        if request.method != "GET" or not may_read(request, self._token):
            raise HTTPException(404)
        text = generate_latest(self._requests)
        try:
            picture = await self._look()
        except Exception:
            # A database that is away must not hide what this process knows of itself.
            log.exception("cannot look at the cloud for its metrics")
        else:
            # Of a large cloud this takes a while, in which requests are to be served.
            text += await asyncio.to_thread(generate_latest, CloudFamilies(picture))
        headers = {"content-type": CONTENT_TYPE_PLAIN_0_0_4, "cache-control": "no-store"}
        return Response(text, headers=headers)


def build_metrics_route(page: MetricsPage) -> BaseRoute:
    """The route of the page."""
    return Route(PATH, page.serve, methods=sorted(METHODS))
