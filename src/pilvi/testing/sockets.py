"""A WebSocket to an ASGI application in memory: how a fake host dials, and how tests look."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp

from pilvi.agent.dial import KINDS
from pilvi.errors import Unavailable

# Messages of one direction that wait. Lower: each waits for the other side; higher: more memory.
QUEUE_MAX = 4
CLOSED = 1000
# Seconds that the application gets to end. Lower: tests see it work still; higher: they hang.
CLOSE_S = 2.0


class MemorySocket:
    """One end of a WebSocket; keeps the agent's `Socket`."""

    def __init__(self, app: ASGIApp, scope: Mapping[str, Any]) -> None:
        self._app = app
        self._scope = dict(scope)
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE_MAX)
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE_MAX)
        self._gone = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self.subprotocol: str | None = None
        self.close_code: int | None = None
        self.close_reason = ""

    async def open(self) -> int:
        """The status of the handshake: 101 when it is open."""
        await self._to_app.put({"type": "websocket.connect"})
        self._serving = asyncio.ensure_future(self._serve())
        answer = await self._from_app.get()
        if answer["type"] == "websocket.accept":
            self.subprotocol = answer.get("subprotocol")
            return 101
        self._end(1006)
        return int(answer.get("status", 403))

    async def _serve(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            await self._put({"type": "websocket.close", "code": 1006})

    async def _receive(self) -> dict[str, Any]:
        return await self._to_app.get()

    async def _send(self, message: Any) -> None:
        if message["type"].endswith(".body"):
            # Of a refusal, of which the status is enough.
            return
        if self._gone.is_set():
            raise OSError("the other end is closed")
        await self._put(dict(message))

    async def _put(self, message: dict[str, Any]) -> None:
        """Give the other end a message, unless it goes meanwhile."""
        putting = asyncio.ensure_future(self._from_app.put(message))
        going = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait([putting, going], return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            going.cancel()

    def _end(self, code: int, reason: str = "") -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
        self._gone.set()

    async def receive(self) -> bytes | None:
        """The next bytes; None once it is closed."""
        while self.close_code is None:
            message = await self._from_app.get()
            if message["type"] == "websocket.send":
                data = message.get("bytes")
                return bytes(data) if data is not None else str(message["text"]).encode()
            if message["type"] == "websocket.close":
                self._end(message.get("code") or CLOSED, message.get("reason") or "")
        return None

    async def send(self, data: bytes) -> bool:
        """Send bytes and wait until they fit; whether it is still open."""
        if self.close_code is None:
            await self._to_app.put({"type": "websocket.receive", "bytes": data})
        return self.close_code is None

    async def close(self, code: int = CLOSED, reason: str = "") -> None:
        """Close it. Repeatable."""
        if self.close_code is None:
            self._end(code, reason)
            ended = {"type": "websocket.disconnect", "code": code, "reason": reason}
            await self._to_app.put(ended)
        if self._serving is not None:
            await asyncio.wait([self._serving], timeout=CLOSE_S)


def make_scope(
    path: str, headers: Mapping[str, str], subprotocols: Sequence[str] = ()
) -> dict[str, Any]:
    """A handshake as a server would show it. Pure."""
    plain, _, query = path.partition("?")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("cloud.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "path": unquote(plain),
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "subprotocols": list(subprotocols),
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }


async def dial_app(app: ASGIApp, path: str, headers: Mapping[str, str]) -> MemorySocket:
    """Open a WebSocket as a host. Raises a `PilviError` when it is refused."""
    socket = MemorySocket(app, make_scope(path, headers))
    if (status := await socket.open()) != 101:
        raise KINDS.get(status, Unavailable)(f"cannot open a WebSocket: HTTP {status}")
    return socket
