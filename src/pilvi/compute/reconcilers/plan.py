"""What to do next for one server: a pure answer from the wish and from what is seen.

A plan is what can be done now; when the same plan comes twice, somebody else has to act first (a
host, a volume, a port), whose report wakes the server again. An empty plan means that nothing is
left to do.
"""

from dataclasses import dataclass

from pilvi.compute.model.server import Desired
from pilvi.host_api.vms import Power


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSight:
    """One volume of the server."""

    attachment_id: str
    is_wanted: bool
    is_exported: bool = False
    """Whether its target answers."""
    is_assigned: bool = False
    """Whether the host was told of it."""
    is_attached: bool = False
    """Whether the guest has it."""
    is_noted: bool = False
    """Whether block storage knows that the guest has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that can be seen of a server from here."""

    has_host: bool = False
    """Whether host, allocation and ports are claimed."""
    is_assigned: bool = False
    """Whether the host is asked to hold the vm."""
    is_held: bool = False
    """Whether anything may be left of the vm on the host."""
    assigned_generation: int | None = None
    """Desired generation that the host was last told."""
    is_settled: bool = False
    """Whether the host agrees with what it was last told."""
    is_launched: bool = False
    power: Power | None = None
    boot_generation: int = -1
    terminal_fault: str | None = None
    """Why the host says that trying again cannot help."""
    is_given_up: bool = False
    is_failed: bool = False
    """Whether that fault is noted already."""
    is_capturing: bool = False
    volumes: tuple[VolumeSight, ...] = ()
    leaving_ports: tuple[str, ...] = ()
    """Ports that the guest is to give up."""
    attached_ports: frozenset[str] = frozenset()
    """Ports that the guest has."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Choose a host and claim everything there: allocation and ports."""


@dataclass(frozen=True, slots=True)
class AssignVm:
    """Tell the host what it should hold, with these volumes."""

    attachment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkAttached:
    """Let block storage know that the guest has a volume."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class ReleaseVolume:
    """Give back a volume that the guest does not have; forget it once that is done."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class ReleasePort:
    """Give back a port that the guest does not have; forget it once that is done."""

    port_id: str


@dataclass(frozen=True, slots=True)
class FollowPowerOff:
    """The guest turned itself off: that is what is wished from now on."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It cannot be launched: note why; everything is given back next."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoteFault:
    """Note why the host cannot go on until the wish changes."""

    reason: str


@dataclass(frozen=True, slots=True)
class CancelCaptures:
    """Nobody wants the captures of a server that goes."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Wish the vm away."""


@dataclass(frozen=True, slots=True)
class ReleaseAll:
    """Give back ports, volumes, allocation and console, whatever is left of them."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Nothing is left: the server is deleted."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before something else happens, which wakes the server."""

    why: str


Step = (
    Claim
    | AssignVm
    | MarkAttached
    | ReleaseVolume
    | ReleasePort
    | FollowPowerOff
    | GiveUp
    | NoteFault
    | CancelCaptures
    | Withdraw
    | ReleaseAll
    | Remove
    | Wait
)


def plan_server(desired: Desired, seen: Sight) -> list[Step]:
    """The steps from what is seen to the wish. Pure."""
    if not desired.present or seen.is_given_up:
        return _plan_absent(desired, seen)
    if seen.terminal_fault is not None and seen.assigned_generation == desired.generation:
        # A fault of an older wish says nothing of this one.
        if not seen.is_launched:
            return [GiveUp(seen.terminal_fault)]
        if not seen.is_failed:
            return [NoteFault(seen.terminal_fault)]
    return _plan_present(desired, seen)


def _plan_absent(desired: Desired, seen: Sight) -> list[Step]:
    steps: list[Step] = [CancelCaptures()] if seen.is_capturing else []
    if seen.is_assigned:
        return [*steps, Withdraw(), Wait("the host to remove the vm")]
    if seen.is_held:
        return [*steps, Wait("the host to remove the vm")]
    if seen.has_host or seen.volumes:
        return [*steps, ReleaseAll()]
    return [*steps, Remove()] if not desired.present else steps


def _plan_present(desired: Desired, seen: Sight) -> list[Step]:
    steps: list[Step] = [] if seen.has_host else [Claim()]
    missing = [v for v in seen.volumes if v.is_wanted and not (v.is_exported or v.is_assigned)]
    if missing and not seen.is_assigned:
        return [*steps, Wait("its volumes to be exported")]
    ready = {v.attachment_id for v in seen.volumes if v.is_wanted} - {
        v.attachment_id for v in missing
    }
    told = {v.attachment_id for v in seen.volumes if v.is_assigned}
    is_current = seen.is_assigned and seen.assigned_generation == desired.generation
    if not is_current or ready != told:
        return [*steps, AssignVm(tuple(sorted(ready)))]
    steps += _plan_volumes(seen)
    if seen.is_settled:
        leaving = (id for id in seen.leaving_ports if id not in seen.attached_ports)
        steps += [ReleasePort(id) for id in leaving]
    if _turned_itself_off(desired, seen):
        steps.append(FollowPowerOff())
    if missing:
        steps.append(Wait("a volume to be exported"))
    if not seen.is_settled and not seen.is_failed:
        steps.append(Wait("the host to agree"))
    if seen.is_capturing:
        steps.append(Wait("a capture of its disk"))
    return steps


def _plan_volumes(seen: Sight) -> list[Step]:
    steps: list[Step] = []
    for volume in seen.volumes:
        has_it = volume.is_assigned and (volume.is_attached or seen.is_settled)
        if volume.is_wanted and has_it and not volume.is_noted:
            steps.append(MarkAttached(volume.attachment_id))
        if not volume.is_wanted and seen.is_settled and not volume.is_attached:
            steps.append(ReleaseVolume(volume.attachment_id))
    return steps


def _turned_itself_off(desired: Desired, seen: Sight) -> bool:
    return (
        seen.is_settled
        and seen.power is Power.STOPPED
        and desired.power is not Power.STOPPED
        and seen.boot_generation >= desired.boot_generation
    )
