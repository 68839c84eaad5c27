"""What was freed is given back to the machine."""

import asyncio
import os
from pathlib import Path

from pilvi.core.memory import giving_back

PIECE, COUNT = 4096, 20_000
ENOUGH_MIB = 40


def held_mib() -> float:
    """Memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def test_what_lies_between_used_things_is_given_back() -> None:
    # Of glibc's own heap, not of Python's, which has no pieces as large; each second one stays.
    pieces = [bytes(PIECE) for _ in range(COUNT)]
    last = pieces[-1]
    before = held_mib()
    pieces.clear()
    async with asyncio.timeout(20):
        async with giving_back(pause_s=0.01):
            while held_mib() > before - ENOUGH_MIB:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.01)
    assert len(last) == PIECE


async def test_it_ends_with_what_it_is_for() -> None:
    async with giving_back():
        await asyncio.sleep(0)
        assert any(task.get_name() == "memory" for task in asyncio.all_tasks())
    assert not any(task.get_name() == "memory" for task in asyncio.all_tasks())
