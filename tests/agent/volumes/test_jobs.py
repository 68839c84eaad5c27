"""Work beside the looks."""

import asyncio

import pytest

from pilvi.agent.volumes import jobs
from pilvi.errors import Unavailable


async def test_work_that_fails_waits_longer_each_time_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "RETRY_S_MIN", 0.02)
    loop, begun = asyncio.get_running_loop(), list[float]()
    ended = asyncio.Event()
    work = jobs.Jobs(lambda id: ended.set())

    async def fail() -> None:
        begun.append(loop.time())
        raise Unavailable("cannot do it")

    asked = list[float]()
    for _ in range(4):
        ended.clear()
        asked.append(loop.time())
        work.start("a", b"", fail)
        await ended.wait()
        with pytest.raises(Unavailable):
            await work.collect("a")
    pauses = [began - wished for began, wished in zip(begun, asked, strict=True)]
    assert pauses[0] < 0.02 <= pauses[1] and pauses[2] >= 0.08 and pauses[3] >= 0.16
    work.start("a", b"", fail)
    await work.stop("a")
    begun.clear()
    ended.clear()
    work.start("a", b"", fail)
    await ended.wait()
    assert begun, "what was stopped begins anew at once"
    await work.stop("a")
