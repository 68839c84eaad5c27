"""Joins a dialled WebSocket with a guest's line until either has ended.

A screen's bytes wait for their viewer: QEMU then draws less often. A serial line's must not, for a
guest that cannot write waits: they are read as they come, and what a slow viewer cannot take is
dropped and said to be.
"""

import asyncio
from collections import deque

from pilvi.agent.consoles.driver import Stream
from pilvi.agent.dial import Socket
from pilvi.host_api.consoles import CloseCode, ConsoleLine

# Bytes of a serial line that wait for their viewer. Lower: a pause drops output; higher: more
# memory for each viewer, and older output.
WAITING_BYTES_MAX = 256 * 1024
DROPPED = b"\r\n[output was dropped here: the viewer was too slow]\r\n"


class Backlog:
    """What was read of a serial line and not yet sent, the newest part of it."""

    def __init__(self, limit: int = WAITING_BYTES_MAX) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._dropped = False
        self._ended = False
        self._news = asyncio.Event()

    def put(self, data: bytes) -> None:
        """Add bytes; the oldest go when there are too many. Never waits."""
        self._pieces.append(data)
        self._size += len(data)
        while self._size > self._limit and len(self._pieces) > 1:
            self._size -= len(self._pieces.popleft())
            self._dropped = True
        self._news.set()

    def end(self) -> None:
        """No more will come."""
        self._ended = True
        self._news.set()

    async def take(self) -> bytes:
        """All that waits; nothing once the end is reached."""
        await self._news.wait()
        if not self._ended:
            self._news.clear()
        data = b"".join(self._pieces)
        data = DROPPED + data if self._dropped else data
        self._pieces.clear()
        self._size, self._dropped = 0, False
        return data


async def join(socket: Socket, stream: Stream, line: ConsoleLine) -> CloseCode:
    """Carry bytes both ways until one side has ended; answers why. Closes neither."""
    shows = _show_serial if line is ConsoleLine.SERIAL else _show_screen
    ways = [
        asyncio.ensure_future(shows(stream, socket)),
        asyncio.ensure_future(_type(socket, stream)),
    ]
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        return next(way for way in ways if way in done).result()
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _show_screen(stream: Stream, socket: Socket) -> CloseCode:
    while data := await stream.read():
        if not await socket.send(data):
            return CloseCode.DONE
    return CloseCode.GUEST_GONE


async def _show_serial(stream: Stream, socket: Socket) -> CloseCode:
    backlog = Backlog()
    reading = asyncio.ensure_future(_read_always(stream, backlog))
    try:
        while data := await backlog.take():
            if not await socket.send(data):
                return CloseCode.DONE
        return CloseCode.GUEST_GONE
    finally:
        reading.cancel()


async def _read_always(stream: Stream, backlog: Backlog) -> None:
    try:
        while data := await stream.read():
            backlog.put(data)
    finally:
        backlog.end()


async def _type(socket: Socket, stream: Stream) -> CloseCode:
    while (data := await socket.receive()) is not None:
        try:
            await stream.write(data)
        except OSError:
            return CloseCode.GUEST_GONE
    return CloseCode.DONE
