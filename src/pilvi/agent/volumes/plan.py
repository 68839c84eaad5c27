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
class GrowTarget:
    """Let a target show the file's present size."""

    iqn: str


@dataclass(frozen=True, slots=True)
class RemoveTarget:
    """End a target."""

    iqn: str


Step = MakeFile | RemoveFile | AddTarget | GrowTarget | RemoveTarget


def plan_volume(spec: VolumeSpec | None, seen: SeenVolume) -> list[Step]:
    """The steps from what is seen to what is desired, in order; none when they agree. Pure.

    Targets go before the file, so that nothing is served from a file that is being removed. A wish
    for less than there is, is never granted: the bytes could be somebody's.
    """
    if spec is None:
        steps: list[Step] = [RemoveTarget(target.iqn) for target in seen.targets]
        return steps if seen.size_bytes is None else [*steps, RemoveFile()]
    wanted = {export.iqn: export for export in spec.exports}
    as_wanted = {
        target.iqn: target
        for target in seen.targets
        if target.iqn in wanted and target.fingerprint == fingerprint(wanted[target.iqn])
    }
    size = max(spec.size_bytes, seen.size_bytes or 0)
    steps = [RemoveTarget(target.iqn) for target in seen.targets if target.iqn not in as_wanted]
    if seen.size_bytes is None or seen.size_bytes < size:
        steps.append(MakeFile(size))
    steps += [GrowTarget(iqn) for iqn, target in as_wanted.items() if target.size_bytes < size]
    steps += [AddTarget(export) for iqn, export in wanted.items() if iqn not in as_wanted]
    return steps
