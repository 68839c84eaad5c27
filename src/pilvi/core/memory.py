"""Memory that was freed goes back to the machine.

Small things that were freed lie between others that are used: glibc keeps their pages, and a
process that serves for weeks holds tens of MiB more than it uses.
"""

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Seconds between two times. Lower: more work; higher: a peak is held for longer.
PAUSE_S = 60.0


def give_back() -> bool:
    """Give back every page that nothing is on; whether this C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return trim is not None


@asynccontextmanager
async def giving_back(pause_s: float = PAUSE_S) -> AsyncIterator[None]:
    """Give back now and then meanwhile, beside the event loop."""

    async def go_on() -> None:
        while True:
            if not await asyncio.to_thread(give_back):
                return
            await asyncio.sleep(pause_s)

    task = asyncio.create_task(go_on(), name="memory")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
