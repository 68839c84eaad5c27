"""Hosts as the choice sees them, and what a choice can be."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pilvi.hosts.model.host import Host
from pilvi.placement.model.inventory import Usage

AVAILABILITY_ZONE = "nova"
"""The availability zone of every host that no aggregate puts into another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One host that might be chosen."""

    host_id: str
    name: str
    is_alive: bool = True
    """Whether it reported within its lease."""
    enabled: bool = True
    disabled_reason: str | None = None
    availability_zone: str = AVAILABILITY_ZONE
    usage: Usage = field(default_factory=Usage)
    """What it has and what of it is claimed, by resource class."""
    disk_gib: int = 0
    """Size of the filesystem that holds guests and volumes."""
    disk_free_gib: int = 0
    """What of that nobody has written to yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The host that was chosen."""

    host_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No host can be chosen: for each host why, by its name."""

    reasons: Mapping[str, tuple[str, ...]]
    what: str = "cannot find a host with room"

    @property
    def message(self) -> str:
        """One sentence that says per host what was asked and what was free."""
        if not self.reasons:
            return f"{self.what}: this cloud has no host yet"
        hosts = (f"{name}: {', '.join(why)}" for name, why in sorted(self.reasons.items()))
        return f"{self.what}: {'; '.join(hosts)}"


Weight = tuple[float, ...]
NO_ZONES: Mapping[str, str] = MappingProxyType({})


def list_candidates(
    hosts: Sequence[Host],
    usages: Mapping[str, Usage],
    now: datetime.datetime,
    lease_s: float,
    zones: Mapping[str, str] = NO_ZONES,
) -> list[Candidate]:
    """Every host as the choice sees it at a moment; `zones` are by host id. Pure."""
    return [
        Candidate(
            host_id=host.id,
            name=host.name,
            is_alive=host.is_alive(now, lease_s),
            enabled=host.enabled,
            disabled_reason=host.disabled_reason,
            availability_zone=zones.get(host.id, AVAILABILITY_ZONE),
            usage=usages.get(host.id, Usage()),
            disk_gib=host.facts.disk_gib if host.facts else 0,
            disk_free_gib=host.facts.disk_free_gib if host.facts else 0,
        )
        for host in hosts
    ]


def closed_because(candidate: Candidate, availability_zone: str | None) -> list[str]:
    """Why nothing new may be placed on a host at all; empty when it may. Pure."""
    if not candidate.is_alive:
        return ["is down"]
    if not candidate.enabled:
        why = f" ({candidate.disabled_reason})" if candidate.disabled_reason else ""
        return [f"is disabled{why}"]
    if availability_zone not in (None, candidate.availability_zone):
        return [f"is in the availability zone {candidate.availability_zone}"]
    return []


def choose(
    candidates: Sequence[Candidate],
    refuse: Callable[[Candidate], Sequence[str]],
    weigh: Callable[[Candidate], Weight],
) -> Choice | Refusal:
    """The heaviest candidate of those that nothing refuses; the name breaks ties. Pure."""
    reasons = {candidate.host_id: tuple(refuse(candidate)) for candidate in candidates}
    fitting = [candidate for candidate in candidates if not reasons[candidate.host_id]]
    if not fitting:
        return Refusal({one.name: reasons[one.host_id] for one in candidates})
    ordered = sorted(fitting, key=lambda one: (*(-w for w in weigh(one)), one.name, one.host_id))
    return Choice(ordered[0].host_id, ordered[0].name)
