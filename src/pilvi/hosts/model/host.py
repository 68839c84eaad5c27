"""A host and what it was given."""

import datetime
from dataclasses import dataclass
from typing import NewType, TypeVar

import msgspec

from pilvi.host_api.contract import HostFacts, HostFault, Kind
from pilvi.host_api.holdings import Holdings

HostId = NewType("HostId", str)
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Host:
    """One host. `facts` is None until its agent has reported once."""

    id: HostId
    name: str
    created_at: datetime.datetime
    revision: int
    facts: HostFacts | None
    seen_at: datetime.datetime | None
    enabled: bool
    """Whether new things may be placed here (observed by the scheduler, set by admins)."""
    disabled_reason: str | None
    forced_down: bool = False
    """Whether an admin says that the host is down, whatever it reports."""
    audit: int = 0
    """Number of the newest audit that was asked for."""
    newest_report: tuple[int, int] = (0, 0)
    """Run of its agent, and number in that run, of the newest report that was taken."""

    def takes(self, run: int, number: int) -> bool:
        """Whether a report is newer than all before; one without a number always is. Pure.

        A run follows the one before: no number, however large, ends the counting of runs.
        """
        if number == 0:
            return True
        newest = self.newest_report[0]
        return 0 < run <= newest + 1 and (run, number) > self.newest_report

    def is_alive(self, now: datetime.datetime, lease_s: float) -> bool:
        """Whether the host reported within its lease and is not forced down. Pure."""
        return self.is_heard(now, lease_s) and not self.forced_down

    def is_heard(self, now: datetime.datetime, lease_s: float) -> bool:
        """Whether the host reported within its lease, whatever an admin says of it. Pure.

        A report from long after now was made before the clock was set back: it says nothing.
        """
        return self.seen_at is not None and abs((now - self.seen_at).total_seconds()) <= lease_s


@dataclass(frozen=True, slots=True)
class Sighting:
    """One host with what it listed last; None before its first answer."""

    host: Host
    told_at: datetime.datetime | None
    holdings: Holdings | None

    def answers(self, audit: int) -> bool:
        """Whether the list was made for this audit or a newer one. Pure."""
        return self.holdings is not None and self.holdings.audit >= audit


@dataclass(frozen=True, slots=True)
class Held:
    """One assignment together with the newest observation that answers it."""

    host_id: HostId
    kind: Kind
    id: str
    generation: int
    present: bool
    spec: bytes
    """JSON of the spec."""
    seen_generation: int | None
    """Generation that the host has acted on; None before its first observation."""
    seen_present: bool
    settled: bool
    waiting: str
    fault: HostFault | None
    seen: bytes

    owner: tuple[str, str] = ("", "")
    """Kind and id of the reconciler that wished it."""

    @property
    def is_settled(self) -> bool:
        """Whether the host agrees with the newest generation."""
        return self.settled and self.seen_generation == self.generation

    def decode_seen(self, seen_type: type[Seen]) -> Seen | None:
        """What the host sees as the kind's seen struct, or None."""
        if not self.seen or self.seen == b"null":
            return None
        return msgspec.json.decode(self.seen, type=seen_type)

    def find_seen(self, seen_type: type[Seen]) -> Seen | None:
        """As `decode_seen`, and None for what cannot be read: one host's words in a list of all."""
        try:
            return self.decode_seen(seen_type)
        except msgspec.DecodeError:
            return None
