"""Work for many objects, asked for one by one."""

import asyncio
from collections.abc import Sequence

import pytest

from pilvi.network.reconcilers.batches import Batches


class Bench:
    """Work that takes a moment, notes what it did, and fails for some."""

    def __init__(self) -> None:
        self.done: list[set[str]] = []
        self.bad: set[str] = set()

    async def work(self, ids: Sequence[str]) -> None:
        """Do it for all, or for none."""
        await asyncio.sleep(0.01)
        if self.bad & set(ids):
            raise ValueError(f"cannot do {ids}")
        self.done.append(set(ids))


async def test_what_is_asked_meanwhile_is_done_together() -> None:
    bench = Bench()
    batches = Batches(bench.work)
    await asyncio.gather(*(batches.do(str(n)) for n in range(20)))
    assert set().union(*bench.done) == {str(n) for n in range(20)}
    assert len(bench.done) <= 3


async def test_one_that_fails_spoils_no_other() -> None:
    bench = Bench()
    bench.bad = {"3"}
    batches = Batches(bench.work)
    results = await asyncio.gather(*(batches.do(str(n)) for n in range(6)), return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [n == 3 for n in range(6)]
    assert set().union(*bench.done) == {"0", "1", "2", "4", "5"}
    bench.bad = set()
    await batches.do("3")
    assert {"3"} in bench.done


async def test_when_one_is_cancelled_the_others_are_done_all_the_same() -> None:
    bench = Bench()
    batches = Batches(bench.work)
    first = asyncio.create_task(batches.do("first"))
    others = [asyncio.create_task(batches.do(str(n))) for n in range(3)]
    await asyncio.sleep(0.005)
    first.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*others)
    with pytest.raises(asyncio.CancelledError):
        await first
    assert {"0", "1", "2"} <= set().union(*bench.done)
