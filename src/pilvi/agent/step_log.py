"""Every step that a host takes is told in its log: which, of what, and for which request."""

import enum
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from pilvi.core.reconcile import taking

log = structlog.get_logger()

Answer = TypeVar("Answer")


async def take(kind: str, id: str, step: object, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Take a step, which `work` does, and tell it. The loop tells of one that fails.

    What a step is made of is not told: there are secrets in it.
    """
    began = time.perf_counter()
    answer = await taking(kind, id, step, work)
    name = step.name if isinstance(step, enum.Enum) else type(step).__name__
    ms = round((time.perf_counter() - began) * 1000, 1)
    log.info("step taken", kind=kind, id=id, step=name, ms=ms)
    return answer
