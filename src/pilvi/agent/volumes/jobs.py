"""Work that takes longer than one look: begun by one, collected by a later one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

# Pauses before work that failed is begun again: the look in between succeeds, and counts as such
# where looks are counted. Lower: a full disk is hammered; higher: late when there is room again.
RETRY_S_MIN = 0.1
RETRY_S_MAX = 15.0


@dataclass(frozen=True, slots=True)
class _Job:
    task: asyncio.Task[None]
    tag: bytes


class Jobs:
    """At most one piece of work for each id; its end wakes who looks after that id."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake
        self._jobs: dict[str, _Job] = {}
        self._failures: dict[str, int] = {}

    def is_running(self, id: str) -> bool:
        """Whether work for an id is under way."""
        job = self._jobs.get(id)
        return job is not None and not job.task.done()

    def find_tag(self, id: str) -> bytes | None:
        """What the work for an id was begun with; None: there is none."""
        job = self._jobs.get(id)
        return None if job is None else job.tag

    def start(self, id: str, tag: bytes, work: Callable[[], Awaitable[None]]) -> None:
        """Begin the work for an id that has none; after failures it waits before it begins."""
        assert id not in self._jobs
        failures = self._failures.get(id, 0)
        pause_s = min(RETRY_S_MAX, RETRY_S_MIN * 2**failures) if failures else 0.0
        loop = asyncio.get_running_loop()
        task = loop.create_task(_after(pause_s, work), name=f"volume work {id}")
        task.add_done_callback(lambda _: self._wake(id))
        self._jobs[id] = _Job(task, tag)

    async def collect(self, id: str) -> None:
        """Forget the work for an id that has ended, or raise what it raised. Repeatable."""
        job = self._jobs.pop(id, None)
        if job is None:
            return
        try:
            await job.task
        except Exception:
            self._failures[id] = min(16, self._failures.get(id, 0) + 1)
            raise
        self._failures.pop(id, None)

    async def stop(self, id: str) -> None:
        """End the work for an id, whatever comes of it. Repeatable."""
        self._failures.pop(id, None)
        job = self._jobs.pop(id, None)
        if job is not None:
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)


async def _after(pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
    if pause_s:
        await asyncio.sleep(pause_s)
    await work()
