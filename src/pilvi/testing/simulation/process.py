"""Processes that can be killed as by kill -9: nothing of them runs any more, not one `finally`.

A task belongs to the process in whose context it was made, and so does all that it calls.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

_PROCESS: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("process", default=None)


@dataclass(slots=True, eq=False)
class Process:
    """One process of the simulated world."""

    name: str
    skew_s: float = 0.0
    """How far the wall clock of its machine is ahead."""
    is_dead: bool = False
    at_death: list[Callable[[], None]] = field(default_factory=list)
    """What the kernel and the other ends of its connections do when it dies."""
    remains: list[object] = field(default_factory=list)
    """What is kept so that it is never collected."""

    def start(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        """A task of this process."""
        context = contextvars.copy_context()
        context.run(_PROCESS.set, self)
        loop = asyncio.get_running_loop()
        return loop.create_task(work, name=name or self.name, context=context)

    def kill(self) -> None:
        """End it as kill -9 does. Repeatable."""
        if self.is_dead:
            return
        self.is_dead = True
        for follow in self.at_death:
            follow()
        self.at_death.clear()


def find_process(context: contextvars.Context) -> Process | None:
    """The process that a context belongs to; None is the world's own."""
    return context.get(_PROCESS)


def current_process() -> Process | None:
    """The process that runs now."""
    return _PROCESS.get()
