"""One difference between the database and the world."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Which side has too much."""

    LEAKED = "leaked"
    """It is there and nobody wants it."""
    MISSING = "missing"
    """It is wanted and is not there."""
    WRONG = "wrong"
    """It is there, and otherwise than it should be."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One difference, with whose it is and how old."""

    host: str
    """Name of the host; empty for what is in the database or in the image store."""
    kind: str
    verdict: Verdict
    owner: str = ""
    """Kind and id of what it belongs to; empty when nobody can be named."""
    part: str = ""
    name: str = ""
    """As the host calls it, or what is wrong, for people."""
    bytes: int = 0
    since: float | None = None
    """Seconds since the epoch when it came to be; None is not known."""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes it the same difference in two looks."""
        return (self.host, self.kind, self.verdict, self.owner, self.part or self.name)


def confirm(first: Iterable[Difference], second: Iterable[Difference]) -> list[Difference]:
    """The differences that both of two looks show, as the second shows them. Pure."""
    before = {difference.key for difference in first}
    return [difference for difference in second if difference.key in before]
