"""Carries the bytes of a session between its two ends, and ends both when one has ended.

Each direction holds one message at a time: who reads slowly makes the other side wait.
"""

import asyncio
from dataclasses import dataclass, field

from pilvi.compute.operations.console_meetings import Closed, End
from pilvi.host_api.consoles import CloseCode

# Seconds that the two ends get to be closed. Lower: reasons are lost; higher: dead peers linger.
CLOSE_S = 0.8


@dataclass(slots=True)
class _Clock:
    """When the last byte went by."""

    at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def touch(self) -> None:
        self.at = asyncio.get_running_loop().time()


async def _carry(source: End, sink: End, clock: _Clock) -> Closed | None:
    """Carry bytes one way until an end is closed: how the source was, None for the sink."""
    while True:
        data = await source.receive()
        if isinstance(data, Closed):
            return data
        clock.touch()
        if await sink.send(data) is not None:
            return None


async def _carry_to_viewer(host: End, viewer: End, clock: _Clock) -> Closed:
    ended = await _carry(host, viewer, clock)
    if ended is None:
        return _closed(CloseCode.DONE)
    # Without a word of its own, a host that goes is lost to whoever looks.
    return ended if ended.code in list(CloseCode) else _closed(CloseCode.HOST_LOST)


async def _carry_to_host(viewer: End, host: End, clock: _Clock) -> Closed:
    ended = await _carry(viewer, host, clock)
    return _closed(CloseCode.HOST_LOST if ended is None else CloseCode.DONE)


async def _wait_idle(clock: _Clock, idle_s: float) -> Closed:
    """Return once nothing went by for so long."""
    # Bytes that go by meanwhile put it off, far too often for an event of their own.
    loop = asyncio.get_running_loop()
    while (left := clock.at + idle_s - loop.time()) > 0:  # noqa: ASYNC110  # see above
        await asyncio.sleep(left)
    return _closed(CloseCode.IDLE)


def _closed(code: CloseCode) -> Closed:
    return Closed(code, code.reason)


async def join_ends(viewer: End, host: End, over: asyncio.Future[Closed], idle_s: float) -> Closed:
    """Carry bytes until either end, or the session, is over; close both and answer why."""
    clock = _Clock()
    ways = [
        asyncio.ensure_future(_carry_to_viewer(host, viewer, clock)),
        asyncio.ensure_future(_carry_to_host(viewer, host, clock)),
        asyncio.ensure_future(_wait_idle(clock, idle_s)),
    ]
    try:
        done, _ = await asyncio.wait([over, *ways], return_when=asyncio.FIRST_COMPLETED)
        # Where both ends went at once, the host's word says more.
        return next(one for one in (over, *ways) if one in done).result()
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def close_ends(ends: list[End], closed: Closed) -> None:
    """Tell both ends why it is over; who does not listen is not waited for long. Never raises."""
    try:
        async with asyncio.timeout(CLOSE_S):
            closing = (end.close(closed.code, closed.reason) for end in ends)
            await asyncio.gather(*closing, return_exceptions=True)
    except TimeoutError:
        return
