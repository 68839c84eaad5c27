"""The story of one object, for people: what was asked, done, is waited for, failed, and what helps.

Every service tells the stories of its own things (`operations/stories.py`) in this one shape, so
that whoever shows them (a command, a page, a program) needs to know only this.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from pilvi.core.reconcile.progress import Progress

NEXT_STEP = ". Next step: "
"""Stands between what went wrong and what to do about it, where both are one text."""


HOST_SAYS = "its host, which says: "
"""Begins the words of a wait for a host that fails, before what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was asked, was done or failed."""

    words: str
    at: datetime.datetime | None = None
    user_id: str = ""
    """Who asked; empty when it is not known, or nobody did."""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something that is waited for."""

    words: str
    """A phrase: what has to happen."""
    since: datetime.datetime | None = None
    tries: int = 0
    """How many tries in a row failed."""
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The whole of it, each part in the order of time."""

    kind: str
    id: str
    name: str
    status: str
    asked: tuple[Event, ...] = ()
    done: tuple[Event, ...] = ()
    waits: tuple[Wait, ...] = ()
    failed: tuple[Event, ...] = field(default=())
    next_steps: tuple[str, ...] = ()
    """What its reader can do now; empty when nothing is to be done."""


def wait_of(progress: Progress) -> Wait:
    """What is written down of an object that is not as wished, as a part of its story. Pure."""
    return Wait(
        words=progress.waits_for or "the next look at it",
        since=progress.since,
        tries=progress.tries,
        last_error=progress.last_error,
    )


def is_calm(waits: Iterable[Wait]) -> bool:
    """Whether no try of what is waited for failed and no host complains of it. Pure."""
    return not any(wait.last_error or HOST_SAYS in wait.words for wait in waits)


def with_step(message: str, step: str) -> str:
    """A message that ends with the next step, where there is one. Pure. Repeatable."""
    if not step or NEXT_STEP in message:
        return message
    return f"{message.rstrip('.')}{NEXT_STEP}{step}"


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events by their time; those without one come first. Pure."""
    return tuple(sorted(events, key=lambda one: one.at.timestamp() if one.at else 0.0))


def without_doubles(steps: Iterable[str]) -> tuple[str, ...]:
    """Steps as they came, each once, none empty. Pure."""
    return tuple(dict.fromkeys(step for step in steps if step))
