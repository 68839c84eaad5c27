"""An HTTP transport that lets the official documents judge every reply that passes it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import httpx

from conformance.openapi.judge import Exchange, service_of, weigh
from conformance.openapi.record import FOLDER_VARIABLE, Recorder
from conformance.words import demand_words

Watch = Callable[[Exchange], None]

versions_answered: set[str] = set()
"""Every version (`compute 2.79`) that a reply bore since somebody emptied it."""


class WrongReply(AssertionError):
    """A reply is not what the official documents say."""


def demand(exchange: Exchange) -> None:
    """Raise `WrongReply` for a reply that the documents refuse; keep others where a run asks so."""
    problems = weigh(exchange)
    if problems:
        told = "\n  ".join(problems)
        raise WrongReply(
            f"{exchange.method} {exchange.path} ({exchange.version or 'no version'}) answers "
            f"{exchange.status} outside the official document:\n  {told}\n"
            f"  {exchange.reply[:600]!r}"
        )
    if FOLDER_VARIABLE in os.environ:
        _recorder(os.environ[FOLDER_VARIABLE]).keep(exchange)


@cache
def _recorder(folder: str) -> Recorder:
    return Recorder(Path(folder))


_WATCH: ContextVar[Watch] = ContextVar("watch", default=demand)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Give every exchange to another watch than `demand` meanwhile."""
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)


def show(method: str, path: str, response: httpx.Response, request: bytes = b"") -> None:
    """Give the watch a reply that the documents know of; what it says in JSON has been read."""
    if response.status_code >= 400:
        _judge_words(method, path, response)
        return
    if service_of(path) is None:
        return
    is_json = _is_json(response)
    _WATCH.get()(
        Exchange(
            method,
            path,
            response.status_code,
            response.content if is_json else b"",
            request if path.endswith("/action") else b"",
            response.headers.get("openstack-api-version", ""),
            is_json,
        )
    )


def _judge_words(method: str, path: str, response: httpx.Response) -> None:
    """Not of whoever watches by himself: requests that are made up get their own words back."""
    if _WATCH.get() is demand:
        demand_words(method, path, response)


def _is_json(response: httpx.Response) -> bool:
    return "json" in response.headers.get("content-type", "application/json")


class JudgedTransport(httpx.AsyncBaseTransport):
    """Another transport, with a watch over what it brings."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        response = await self._inner.handle_async_request(request)
        versions_answered.add(response.headers.get("openstack-api-version", ""))
        path = request.url.path
        if response.status_code >= 400:
            await response.aread()
            _judge_words(request.method, path, response)
        if response.status_code < 400 and service_of(path) is not None:
            if _is_json(response):
                await response.aread()
            sent = request.content if path.endswith("/action") else b""
            show(request.method, path, response, sent)
        return response
