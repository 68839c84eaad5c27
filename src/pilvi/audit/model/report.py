"""One look of an audit: who answered, what differs, what is under way."""

from dataclasses import dataclass
from enum import StrEnum

from pilvi.audit.model.difference import Difference


class HostState(StrEnum):
    """Whether a host's list could be compared."""

    ANSWERED = "answered"
    WAITING = "waiting"
    """It is alive and has not answered yet."""
    DOWN = "down"
    FAILED = "failed"
    """It could not list everything: what is missing in its list proves nothing."""


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """One host of a look."""

    name: str
    state: HostState
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One look of an audit."""

    audit: int
    hosts: tuple[HostAnswer, ...]
    differences: tuple[Difference, ...]
    in_work: tuple[str, ...]
    """Kind and id of every wish that its host does not agree with yet."""
    waiting: tuple[str, ...] = ()
    """Of everything that has been under way for more than a moment: what it waits for."""
