"""Open streams of this process: how many a session may have, and their end at a stop."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pilvi.dashboard.client import Refused
from pilvi.dashboard.session import Session

MEDIA_TYPE = "text/event-stream"
# Streams of one session in one process at once. Lower: windows beside each other stand still;
# higher: one user costs more. It is what browsers open to one server.
STREAMS_MAX = 6
OVER = "event: over\ndata:\n\n"
"""Tells the page to load itself again, since its session or what it shows is gone."""


class Streams:
    """All of them, counted by session."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all of them: the server stops."""
        self._stopping.set()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    async def pause(self, seconds: float) -> bool:
        """Wait; whether to go on."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False

    def open(self, session: Session, events: AsyncIterator[str]) -> Response:
        """A reply that is one of a session's streams. Raises `Refused`."""
        key = hashlib.sha256(session.token.encode()).hexdigest()
        if self._open[key] >= STREAMS_MAX:
            raise Refused(
                429, f"cannot renew more than {STREAMS_MAX} windows at once: close one of them"
            )
        self._open[key] += 1
        return _Stream(events, lambda: self._leave(key))

    def _leave(self, key: str) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]


class _Stream(StreamingResponse):
    """Events as they come; whoever waits for its end is told, however it ends."""

    def __init__(self, events: AsyncIterator[str], leave: Callable[[], None]) -> None:
        # A proxy that gathers what it passes on would hold every event back.
        super().__init__(events, headers={"x-accel-buffering": "no"}, media_type=MEDIA_TYPE)
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
