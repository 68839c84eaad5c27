"""A host and what it was given."""

import datetime
from dataclasses import dataclass
from typing import NewType, TypeVar

import msgspec

from pilvi.host_api.contract import HostFacts, HostFault, Kind

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

    def is_alive(self, now: datetime.datetime, lease_s: float) -> bool:
        """Whether the host reported within its lease and is not forced down. Pure."""
        if self.forced_down or self.seen_at is None:
            return False
        return (now - self.seen_at).total_seconds() <= lease_s


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

    @property
    def is_settled(self) -> bool:
        """Whether the host agrees with the newest generation."""
        return self.settled and self.seen_generation == self.generation

    def decode_seen(self, seen_type: type[Seen]) -> Seen | None:
        """What the host sees as the kind's seen struct, or None."""
        if not self.seen or self.seen == b"null":
            return None
        return msgspec.json.decode(self.seen, type=seen_type)
