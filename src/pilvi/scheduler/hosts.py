"""Which host gets a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.resources import ResourceClass
from pilvi.scheduler.candidates import (
    Candidate,
    Choice,
    Refusal,
    Weight,
    choose,
    closed_because,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRequest:
    """What a server needs of its host."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    """Root, ephemeral and swap disks together, rounded up."""
    availability_zone: str | None = None
    forced_host: str | None = None
    """Name or id of the only host to look at: an admin's choice, which still needs room."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Hosts, by id, that rules of the caller forbid, each with a phrase that says why."""
    attraction: Mapping[str, int] = field(default_factory=dict)
    """How much better than others the caller likes a host, by id; it weighs more than room."""

    @property
    def resources(self) -> dict[str, int]:
        """What is claimed of the host, by resource class; nothing of what is not needed."""
        amounts = {
            ResourceClass.VCPU.value: self.vcpus,
            ResourceClass.MEMORY_MB.value: self.memory_mib,
            ResourceClass.DISK_GB.value: self.disk_gib,
        }
        return {name: amount for name, amount in amounts.items() if amount}


def choose_host(request: HostRequest, candidates: Sequence[Candidate]) -> Choice | Refusal:
    """The host with the most room left for a server, or why there is none. Pure."""
    asked = request.resources

    def refuse(candidate: Candidate) -> list[str]:
        if request.forced_host not in (None, candidate.name, candidate.host_id):
            return [f"is not the requested host {request.forced_host}"]
        closed = closed_because(candidate, request.availability_zone)
        if candidate.host_id in request.refused:
            closed = [*closed, request.refused[candidate.host_id]]
        return closed or candidate.usage.list_shortfalls(asked)

    def weigh(candidate: Candidate) -> Weight:
        liked = float(request.attraction.get(candidate.host_id, 0))
        return (liked, *_weigh(candidate.usage, request))

    return choose(candidates, refuse, weigh)


def _weigh(usage: Usage, request: HostRequest) -> Weight:
    """Memory is what runs out first, then virtual CPUs, then disk: the emptier host wins."""
    order = (ResourceClass.MEMORY_MB, ResourceClass.VCPU, ResourceClass.DISK_GB)
    return tuple(_free_share(usage, name, request.resources.get(name, 0)) for name in order)


def _free_share(usage: Usage, name: str, asked: int) -> float:
    capacity = usage.capacity.get(name, 0)
    return (usage.free[name] - asked) / capacity if capacity > 0 else 0.0
