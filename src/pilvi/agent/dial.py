"""WebSockets that the agent dials: what is asked of one, and how it is opened."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from pilvi.errors import Conflict, Forbidden, NotFound, PilviError, Unauthenticated

KINDS: dict[int, type[PilviError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


class Socket(Protocol):
    """An open WebSocket."""

    async def receive(self) -> bytes | None:
        """The next bytes; None once it is closed."""
        ...

    async def send(self, data: bytes) -> bool:
        """Send bytes and wait until they fit; whether it is still open."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close it. Repeatable."""
        ...


Dial = Callable[[str, Mapping[str, str]], Awaitable[Socket]]
"""Of a path and headers: an open WebSocket. Raises a `PilviError`."""


def make_dial(base_url: str, tls: ssl.SSLContext | None) -> Dial:
    """Dials one control plane."""

    async def dial(path: str, headers: Mapping[str, str]) -> Socket:
        # A fake host never needs the library, which a quick start would wait for.
        from pilvi.agent.websocket import open_websocket

        return await open_websocket(base_url.replace("http", "ws", 1) + path, headers, tls)

    return dial
