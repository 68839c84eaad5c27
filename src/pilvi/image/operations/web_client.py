"""Reading bytes from the web on behalf of a tenant.

A name is looked up by us, each of its addresses is held against the rules, and the connection is
made to the very address that was held against them: a name that changes its mind between the two
gains nothing. Redirects are followed by hand, each as a new request under the same rules. No
proxy, no cookie and no credential is ever sent.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from pilvi.errors import InvalidRequest, Unavailable
from pilvi.image.model.web_source import (
    Address,
    DownloadRules,
    WebSource,
    follow,
    parse_address,
    refuse_host,
)

# Seconds for a name, a connection, the head of a reply. Lower: slow servers fail; higher: a dead
# one keeps its place for longer.
LOOKUP_S = 10.0
CONNECT_S = 10.0
HEAD_S = 30.0
# Seconds without a byte of the body.
SILENCE_S = 60.0
# Threads that look up names, kept apart because a name server may be slow on purpose. Lower:
# lookups wait for each other; higher: idle threads.
LOOKUP_THREADS = 4
REDIRECTS_MAX = 3
# Addresses of a name that are tried.
ADDRESSES_MAX = 4
# Bytes a second on average, looked at after the first minute. Lower: slow servers hold a place
# for hours; higher: poor links fail.
SPEED_MIN = 10_000
_SPEED_AFTER_S = 60.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class WebBody:
    """A reply that brings the bytes: how many it announces, and the bytes."""

    size_bytes: int | None
    pieces: AsyncIterator[bytes]


class WebClient:
    """Fetches from addresses that the rules allow."""

    def __init__(self, rules: DownloadRules) -> None:
        self._rules = rules
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")

    @property
    def rules(self) -> DownloadRules:
        """What may be reached."""
        return self._rules

    @asynccontextmanager
    async def open(self, source: WebSource) -> AsyncIterator[WebBody]:
        """Ask for a URL and follow where it leads.

        Raises `InvalidRequest` for what will not become better, `Unavailable` for what may.
        """
        pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=_AllowedBackend(self),
            max_connections=1,
            retries=0,
        )
        try:
            async with pool:
                for _ in range(REDIRECTS_MAX + 1):
                    async with pool.stream("GET", source.url, **_request(source)) as reply:
                        target = _location(reply)
                        if target is None:
                            yield _read(reply)
                            return
                    source = follow(source, target, self._rules)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unavailable(
                f"cannot download from '{source.host}': the connection failed", detail=repr(error)
            ) from error
        raise InvalidRequest(f"cannot follow more than {REDIRECTS_MAX} redirects")

    async def find_addresses(self, host: str, port: int) -> list[Address]:
        """The addresses of a host that may be connected to. Raises `InvalidRequest` for none."""
        literal = parse_address(host)
        found = [literal] if literal is not None else await self._look_up(host, port)
        allowed = [address for address in found if self._rules.allow(address)]
        if not allowed:
            raise refuse_host(host)
        return allowed[:ADDRESSES_MAX]

    async def _look_up(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOKUP_S):
                rows = await loop.run_in_executor(self._threads, _resolve, host, port)
        except TimeoutError:
            raise Unavailable(f"cannot find the host '{host}': its name server is slow") from None
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
                raise Unavailable(
                    f"cannot find the host '{host}' right now", detail=repr(error)
                ) from error
            raise refuse_host(host) from error
        return list(dict.fromkeys(rows))


class _AllowedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the rules allow, and to nothing else."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up, hold its addresses against the rules and connect to one of them."""
        last: Exception | None = None
        for address in await self._client.find_addresses(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout=CONNECT_S)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        assert last is not None
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface has it
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Nothing on the web is a file of this machine."""
        raise httpcore.ConnectError("cannot connect to a file")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def _resolve(host: str, port: int) -> list[Address]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = (parse_address(str(row[4][0])) for row in rows)
    return [address for address in found if address is not None]


def _request(source: WebSource) -> dict[str, Any]:
    default = {"http": 80, "https": 443}[source.scheme]
    host = f"[{source.host}]" if ":" in source.host else source.host
    name = host if source.port == default else f"{host}:{source.port}"
    return {
        "headers": {
            "host": name,
            "user-agent": "pilvi",
            "accept": "*/*",
            "accept-encoding": "identity",
        },
        "extensions": {"timeout": {"connect": None, "read": HEAD_S, "write": HEAD_S, "pool": None}},
    }


def _location(reply: httpcore.Response) -> str | None:
    """Where a redirect leads, None for the bytes themselves. Pure. Raises as `WebClient.open`."""
    if reply.status in _REDIRECTS:
        found = _header(reply, b"location")
        if found is None:
            raise InvalidRequest("cannot import from this address: it leads nowhere")
        return found
    if reply.status in _LATER or reply.status >= 500:
        raise Unavailable(f"cannot download the image: the server answered {reply.status}")
    if reply.status != 200:
        raise InvalidRequest(f"cannot download the image: the server answered {reply.status}")
    if (_header(reply, b"content-encoding") or "identity").lower() != "identity":
        raise InvalidRequest("cannot download the image: the server sends it in another encoding")
    return None


def _read(reply: httpcore.Response) -> WebBody:
    text = _header(reply, b"content-length")
    size = int(text) if text is not None and text.isdigit() and len(text) <= 18 else None
    return WebBody(size, _pieces(reply))


async def _pieces(reply: httpcore.Response) -> AsyncIterator[bytes]:
    began, size = time.monotonic(), 0
    async for piece in reply.aiter_stream():
        size += len(piece)
        age_s = time.monotonic() - began
        if age_s > _SPEED_AFTER_S and size < SPEED_MIN * age_s:
            raise Unavailable(
                f"cannot download the image: it comes with less than {SPEED_MIN} bytes a second"
            )
        yield piece


def _header(reply: httpcore.Response, name: bytes) -> str | None:
    return next((v.decode("latin-1") for n, v in reply.headers if n.lower() == name), None)
