"""A browser that listens to a page's stream, as `EventSource` does."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message

from dashboard.person import Person, World

EVENTS = re.compile(r'data-events="([^"]+)"')
SOON_S = 15.0


@dataclass
class Listener:
    """One stream."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: str = ""

    async def receive(self) -> Message:
        """What the browser sends: nothing, until it leaves."""
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What the server sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.begun.set()
            return
        self.pieces.put_nowait(message.get("body", b"").decode())

    async def event(self) -> tuple[str, str]:
        """Name and data of the next event; a comment has neither, the end is named so."""
        async with asyncio.timeout(SOON_S):
            while "\n\n" not in self._kept:
                piece = await self.pieces.get()
                if not piece:
                    return "end", ""
                self._kept += piece
        block, _, self._kept = self._kept.partition("\n\n")
        fields: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        return "".join(fields.get("event", [])), "\n".join(fields.get("data", []))

    async def next(self) -> tuple[str, str]:
        """The next event that says something."""
        while True:
            name, data = await self.event()
            if name:
                return name, data


def stream_of(page: str) -> str:
    """Where a page says that its events are."""
    found = EVENTS.search(page)
    assert found is not None, page
    return html.unescape(found[1])


@asynccontextmanager
async def listening(
    world: World, person: Person, path: str, **headers: str
) -> AsyncIterator[Listener]:
    """A stream that is left at the end."""
    listener = Listener()
    request = person.http.build_request("GET", path, headers=headers)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "root_path": "",
        "scheme": "http",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("cloud.test", 80),
        "client": ("127.0.0.1", 1),
    }
    task = asyncio.create_task(world.cloud.app(scope, listener.receive, listener.send))
    try:
        async with asyncio.timeout(SOON_S):
            await listener.begun.wait()
        yield listener
    finally:
        listener.left.set()
        async with asyncio.timeout(SOON_S):
            await task
