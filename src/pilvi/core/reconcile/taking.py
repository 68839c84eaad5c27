"""The one place that every step of every plan passes on its way to being taken.

A simulation watches here which steps there are, and lets them fail or its processes die at each of
them. Everywhere else nobody watches, and a step is just taken.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that is about to be taken."""

    kind: str
    """Of the object, as its reconciler names it."""
    id: str
    step: object


Work = Callable[[], Awaitable[Any]]
Watch = Callable[[Taken, Work], Awaitable[Any]]

_watches: list[Watch] = []


async def taking(kind: str, id: str, step: object, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Take a step, which `work` does."""
    if not _watches:
        return await work()
    answer: Answer = await _watches[-1](Taken(kind, id, step), work)
    return answer


def watch_steps(watch: Watch | None) -> None:
    """Let all steps of this process pass through `watch`, or again through nobody."""
    _watches.clear()
    if watch is not None:
        _watches.append(watch)
