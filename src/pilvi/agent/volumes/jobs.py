"""Work that takes longer than one look: begun by one, collected by a later one."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Job:
    task: asyncio.Task[None]
    tag: bytes


class Jobs:
    """At most one piece of work for each id; its end wakes who looks after that id."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake
        self._jobs: dict[str, _Job] = {}

    def is_running(self, id: str) -> bool:
        """Whether work for an id is under way."""
        job = self._jobs.get(id)
        return job is not None and not job.task.done()

    def find_tag(self, id: str) -> bytes | None:
        """What the work for an id was begun with; None: there is none."""
        job = self._jobs.get(id)
        return None if job is None else job.tag

    def start(self, id: str, tag: bytes, work: Coroutine[Any, Any, None]) -> None:
        """Begin the work for an id that has none."""
        assert id not in self._jobs
        task = asyncio.get_running_loop().create_task(work, name=f"volume work {id}")
        task.add_done_callback(lambda _: self._wake(id))
        self._jobs[id] = _Job(task, tag)

    async def collect(self, id: str) -> None:
        """Forget the work for an id that has ended, or raise what it raised. Repeatable."""
        job = self._jobs.pop(id, None)
        if job is not None:
            await job.task

    async def stop(self, id: str) -> None:
        """End the work for an id, whatever comes of it. Repeatable."""
        job = self._jobs.pop(id, None)
        if job is not None:
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)
