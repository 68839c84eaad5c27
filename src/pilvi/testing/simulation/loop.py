"""An event loop without time and without chance: a virtual clock, an order drawn from one seed.

Nothing waits: when nothing is ready, the clock jumps to the next timer. Work for threads is done
where it stands, at a moment of its own. Handles of a process that was killed never run again.
"""

import asyncio
import heapq
import random
from collections.abc import Callable
from typing import Any

from pilvi.testing.simulation.process import find_process

# Seconds that work in a thread takes at most. Lower: fewer interleavings; higher: less happens in
# the time that a scenario has.
THREAD_S_MAX = 0.004


class Deadlock(Exception):
    """Nothing is ready and nothing will ever be."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs one handle at a time, chosen by `chance` among those that are ready."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self._moment = 0.0
        self._queue: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers = 0
        self.handles = 0
        """How many were run."""
        self.failures: list[dict[str, Any]] = []
        """What asyncio would have logged."""
        self.tasks: list[asyncio.Task[Any]] = []
        """All of them: a task that is never run again must not be collected, which would run its
        `finally` blocks."""
        self.set_task_factory(self._make_task)
        self.set_exception_handler(lambda _, context: self.failures.append(context))

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._moment

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """See `asyncio.loop.call_at`; of two timers for one moment the earlier made is first."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers += 1
        heapq.heappush(self._queue, (when, self._timers, timer))
        return timer

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Do blocking work at one moment, now or a little later; nothing runs beside it."""
        future = self.create_future()
        delay_s = self._chance.random() * THREAD_S_MAX
        if self._chance.random() < 0.5:
            self.call_later(delay_s, _resolve, future, *_do(func, args))
        else:
            self.call_later(delay_s, lambda: _resolve(future, *_do(func, args)))
        return future

    def _make_task(self, loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=self, **options)
        self.tasks.append(task)
        if len(self.tasks) % 4096 == 0:
            self.tasks = [one for one in self.tasks if not one.done()]
        return task

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        while not ready:
            self._advance(ready)
        if len(ready) > 1:
            ready.rotate(-int(self._chance.random() * len(ready)))
        handle = ready.popleft()
        if handle._cancelled:
            return
        process = find_process(handle._context)
        if process is not None and process.is_dead:
            process.remains.append(handle)
            return
        self.handles += 1
        handle._run()

    def _advance(self, ready: Any) -> None:
        if not self._queue:
            raise Deadlock("nothing is ready, and no timer runs")
        moment = self._queue[0][0]
        self._moment = max(self._moment, moment)
        while self._queue and self._queue[0][0] <= moment:
            timer = heapq.heappop(self._queue)[2]
            if not timer.cancelled():
                ready.append(timer)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are passed over when their moment comes."""

    def _write_to_self(self) -> None:
        """Nobody waits who would have to be woken."""


def _do(func: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return func(*args), None
    except Exception as error:
        return None, error


def _resolve(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
