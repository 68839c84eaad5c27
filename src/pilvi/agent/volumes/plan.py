"""What to do so that a volume is as desired. Pure."""

from dataclasses import dataclass

from pilvi.agent.volumes.driver import SeenVolume, fingerprint
from pilvi.host_api.volumes import Export, VolumeSpec


@dataclass(frozen=True, slots=True)
class MakeFile:
    """Make the file, or grow it."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove the file."""


@dataclass(frozen=True, slots=True)
class AddTarget:
    """Make a target for an export."""

    export: Export


@dataclass(frozen=True, slots=True)
class RemoveTarget:
    """End a target."""

    iqn: str


Step = MakeFile | RemoveFile | AddTarget | RemoveTarget


def plan_volume(spec: VolumeSpec | None, seen: SeenVolume) -> list[Step]:
    """The steps from what is seen to what is desired, in order; none when they agree. Pure.

    Targets go before the file, so that nothing is served from a file that is being removed. A
    target shows the size that its file had when it was made: when the file grows, it is made again.
    A wish for less than there is, is never granted: the bytes could be somebody's.
    """
    if spec is None:
        steps: list[Step] = [RemoveTarget(target.iqn) for target in seen.targets]
        return steps if seen.size_bytes is None else [*steps, RemoveFile()]
    size = max(spec.size_bytes, seen.size_bytes or 0)
    wanted = {fingerprint(export): export for export in spec.exports}
    stale = [
        target
        for target in seen.targets
        if target.fingerprint not in wanted or target.size_bytes != size
    ]
    kept = {target.fingerprint for target in seen.targets if target not in stale}
    steps = [RemoveTarget(target.iqn) for target in stale]
    if seen.size_bytes is None or seen.size_bytes < size:
        steps.append(MakeFile(size))
    return steps + [AddTarget(export) for key, export in wanted.items() if key not in kept]
