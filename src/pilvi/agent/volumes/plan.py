"""What to do so that a volume is as desired. Pure."""

from dataclasses import dataclass

from pilvi.agent.volumes.driver import SeenVolume, fingerprint
from pilvi.host_api.volumes import Export, VolumeSource, VolumeSpec


@dataclass(frozen=True, slots=True)
class MakeFile:
    """Make the file, or grow it."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class FillFile:
    """Make the file, or replace it, with the bytes of a source."""

    source: VolumeSource
    size_bytes: int
    generation: int


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


Step = MakeFile | FillFile | RemoveFile | AddTarget | RemoveTarget


def plan_volume(spec: VolumeSpec | None, seen: SeenVolume) -> list[Step]:
    """The steps from what is seen to what is desired, in order; none when they agree. Pure.

    Targets go before the file, so that nothing is served from a file that is being removed or
    replaced. A target shows the size that its file had when it was made: when the file grows, it
    is made again. A wish for less than there is, is never granted: the bytes could be somebody's.
    """
    if spec is None:
        steps: list[Step] = [RemoveTarget(target.iqn) for target in seen.targets]
        return steps if seen.size_bytes is None else [*steps, RemoveFile()]
    size = max(spec.size_bytes, seen.size_bytes or 0)
    wanted = {fingerprint(export): export for export in spec.exports}
    is_old = seen.size_bytes is None or seen.content_generation < spec.content_generation
    generation = max(spec.content_generation, seen.content_generation)
    stale = [
        target
        for target in seen.targets
        if target.fingerprint not in wanted
        or target.size_bytes != size
        or target.content_generation != generation
    ]
    kept = {target.fingerprint for target in seen.targets if target not in stale}
    steps = [RemoveTarget(target.iqn) for target in stale]
    if is_old and spec.source is not None:
        steps.append(FillFile(spec.source, size, spec.content_generation))
    elif seen.size_bytes is None or seen.size_bytes < size:
        steps.append(MakeFile(size))
    return steps + [AddTarget(export) for key, export in wanted.items() if key not in kept]
