"""Which host keeps a volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilvi.scheduler.candidates import (
    Candidate,
    Choice,
    Refusal,
    choose,
    closed_because,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRequest:
    """What a volume needs of its host."""

    size_gib: int
    availability_zone: str | None = None


def choose_volume_host(request: VolumeRequest, candidates: Sequence[Candidate]) -> Choice | Refusal:
    """The host with the most free disk, or why there is none. Pure.

    Volumes are thin: a volume may be larger than what is free, never than the whole filesystem.
    """

    def refuse(candidate: Candidate) -> list[str]:
        closed = closed_because(candidate, request.availability_zone)
        if closed:
            return closed
        if request.size_gib > candidate.disk_gib:
            asked = f"asked for {request.size_gib} GiB of disk"
            return [f"{asked}, the filesystem has {candidate.disk_gib} in all"]
        return []

    return choose(candidates, refuse, lambda candidate: (float(candidate.disk_free_gib),))
