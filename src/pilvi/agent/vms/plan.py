"""What to do next for one vm: a pure answer from the wish and from what is there.

A plan is the whole way from here to the wish as far as it can be seen now; the reconciler takes
the first step and asks again. An empty plan means that the vm is as it should be. Three rules hold
it together:

- A reboot, a rebuild and a stop all end the process; a start follows when the wish is to run.
- The state of a suspended guest is used once, by a process of the same boot; it is removed before
  that guest's next instruction, and a new boot removes it unused.
- A guest that turned itself off, or whose process died before our eyes, stays off until
  `boot_generation` rises or the wish to be stopped was seen. One that was lost with its host, or
  while no agent looked, is started again.
- An agent that has just begun starts no guest before the control plane had time to say that it runs
  somewhere else by now.
"""

from dataclasses import dataclass

from pilvi.agent.disks.config_drive import digest
from pilvi.agent.disks.layers import list_layers
from pilvi.agent.vms.local_vm import Button, Ended, LocalVm, Plug, Process
from pilvi.host_api.vms import (
    Disk,
    GuestDocuments,
    ImageSource,
    Nic,
    Power,
    RebootKind,
    VmSpec,
    VolumeConnection,
)

# A guest that is still booting misses the power button. Lower: a slow guest is asked while it
# already shuts down; higher: one that missed it loses more of its time.
PRESS_AGAIN_S = 10.0
# Lower: a full disk is tried too often; higher: the guest goes on late when there is room again.
SPACE_RETRY_S = 5.0
# Events end most waits at once; this is for those that were missed.
LOOK_S = 1.0
# Of a state that is written or read. Lower: more questions; higher: a resumed guest goes on later.
STATE_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Prepare:
    """Record a uid and make the folder."""


@dataclass(frozen=True, slots=True)
class FetchBase:
    """Begin to fetch an image's bytes."""

    image: ImageSource


@dataclass(frozen=True, slots=True)
class CreateDisk:
    """Make a local disk."""

    disk: Disk
    generation: int


@dataclass(frozen=True, slots=True)
class RemoveDisk:
    """Remove a local disk."""

    device: str
    generation: int


@dataclass(frozen=True, slots=True)
class CreateConfigDrive:
    """Write the config drive."""

    documents: GuestDocuments


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a process that waits before the guest's first instruction."""

    spec: VmSpec


@dataclass(frozen=True, slots=True)
class AttachVolume:
    """Give the process a volume, or the size to which a volume that it has was grown."""

    volume: VolumeConnection


@dataclass(frozen=True, slots=True)
class DetachVolume:
    """Ask the guest to give up a volume, or drop what is left of it."""

    attachment_id: str


@dataclass(frozen=True, slots=True)
class AttachNic:
    """Give the process a network card."""

    nic: Nic


@dataclass(frozen=True, slots=True)
class DetachNic:
    """Ask the guest to give up a network card, or drop what is left of it."""

    port_id: str


@dataclass(frozen=True, slots=True)
class Press:
    """Resume, pause, or ask the guest to shut down."""

    button: Button


@dataclass(frozen=True, slots=True)
class EndProcess:
    """End the process, if there is one, and note how it ended."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove everything of the vm, its record last."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before something else happens."""

    why: str
    after_s: float = LOOK_S


Step = (
    Prepare
    | FetchBase
    | CreateDisk
    | RemoveDisk
    | CreateConfigDrive
    | Launch
    | AttachVolume
    | DetachVolume
    | AttachNic
    | DetachNic
    | Press
    | EndProcess
    | Remove
    | Wait
)


_UNASKED = Wait("the control plane to say whether the guest is still to run here")


def plan_vm(spec: VmSpec | None, seen: LocalVm) -> list[Step]:
    """The steps from what is seen to the wish; None wishes the vm away. Pure."""
    if spec is None:
        return _plan_absent(seen)
    if not seen.recorded:
        return [Prepare()]
    if seen.process is Process.GONE and seen.has_state:
        return [EndProcess(Ended.SUSPENDED)]
    if seen.process is Process.GONE:
        return [EndProcess(Ended.CRASHED if seen.witnessed else Ended.LOST)]
    if seen.process is Process.NONE:
        return _plan_disks(spec, seen) or _plan_start(spec, seen)
    return _plan_process(spec, seen)


def _plan_absent(seen: LocalVm) -> list[Step]:
    if seen.process is not Process.NONE:
        return [EndProcess(Ended.ASKED), Remove()]
    return [Remove()] if seen.present else []


def _plan_disks(spec: VmSpec, seen: LocalVm) -> list[Step]:
    """New disks come before old ones go: a rebuild that cannot be done loses nothing."""
    made = {(disk.device, disk.generation) for disk in seen.disks}
    layers = [
        (disk, layer) for disk in spec.disks for layer in list_layers(disk, spec.image_generation)
    ]
    wanted = {(disk.device, layer) for disk, layer in layers}
    steps: list[Step] = []
    for disk, layer in layers:
        if (disk.device, layer) in made:
            continue
        is_lowest = layer == list_layers(disk, spec.image_generation)[0]
        if is_lowest and disk.image and disk.image.image_id not in seen.bases:
            if disk.image.image_id in seen.fetching:
                return [*steps, Wait("the image to arrive", LOOK_S)]
            return [*steps, FetchBase(disk.image)]
        steps.append(CreateDisk(disk, layer))
    stale = sorted(made - wanted)
    if stale and seen.copying:
        return [*steps, Wait("the copy of its disk")]
    steps.extend(RemoveDisk(device, generation) for device, generation in stale)
    if spec.config_drive and seen.config_digest != digest(spec.documents):
        steps.append(CreateConfigDrive(spec.documents))
    return steps


def _plan_start(spec: VmSpec, seen: LocalVm) -> list[Step]:
    stays_off = seen.ended in (Ended.GUEST, Ended.CRASHED)
    if spec.power is Power.STOPPED:
        return [EndProcess(Ended.ASKED)] if stays_off or seen.has_state else []
    is_new = (
        seen.boot_generation < spec.boot_generation
        or seen.image_generation != spec.image_generation
    )
    if is_new and seen.has_state:
        return [EndProcess(Ended.ASKED)]
    if stays_off and not is_new:
        return []
    if seen.has_state and spec.power is Power.SUSPENDED:
        return []
    for nic in spec.nics:
        if nic.port_id not in seen.ready_ports:
            return [Wait(f"port {nic.port_id}")]
    if seen.copying:
        return [Wait("the copy of its disk")]
    return [_UNASKED] if seen.awaits_word else [Launch(spec)]


def _plan_process(spec: VmSpec, seen: LocalVm) -> list[Step]:
    must_end = (
        spec.power is Power.STOPPED
        or seen.boot_generation < spec.boot_generation
        or seen.image_generation != spec.image_generation
    )
    if seen.process is Process.SHUT_DOWN:
        asked = must_end or seen.shutdown_age_s is not None
        return [EndProcess(Ended.ASKED if asked else Ended.GUEST)]
    if seen.process is Process.BROKEN:
        return [EndProcess(Ended.ASKED if must_end else Ended.CRASHED)]
    if must_end:
        return _plan_end(spec, seen)
    if seen.process is Process.SILENT:
        return [Wait("the guest's process to answer")]
    if seen.process is Process.SAVING:
        return [Wait("the guest's state to be written", STATE_LOOK_S)]
    if seen.process is Process.READING:
        return [Wait("the guest's state to be read", STATE_LOOK_S)]
    if seen.process is Process.SAVED:
        is_wanted = spec.power is Power.SUSPENDED
        return [EndProcess(Ended.SUSPENDED) if is_wanted else Press(Button.RESUME)]
    if seen.process is Process.OUT_OF_SPACE:
        if seen.space_age_s >= SPACE_RETRY_S:
            return [Press(Button.RESUME)]
        return [Wait("space on the host's disk", SPACE_RETRY_S)]
    has_unwanted = not (
        seen.volumes.keys() <= {volume.attachment_id for volume in spec.volumes}
        and seen.nics.keys() <= {nic.port_id for nic in spec.nics}
    )
    if seen.process is Process.PRELAUNCH and has_unwanted:
        # No guest is there yet that could give a device up: begin again without it.
        return [EndProcess(Ended.ASKED)]
    is_held = seen.process in (Process.PRELAUNCH, Process.RESTORING)
    if is_held and seen.awaits_word:
        return [_UNASKED]
    steps, waits = _plan_plugs(spec, seen)
    power = _plan_power(spec, seen)
    if is_held or spec.power is Power.SUSPENDED:
        return steps + waits + power
    return steps + power + waits


def _keeps_disks(spec: VmSpec, seen: LocalVm) -> bool:
    """Whether what the guest wrote is still wanted."""
    generation = spec.image_generation
    return seen.image_generation == generation or any(
        seen.image_generation in list_layers(disk, generation) for disk in spec.disks
    )


_WITHOUT_BUTTON = (
    Process.PRELAUNCH,
    Process.OUT_OF_SPACE,
    Process.SAVING,
    Process.SAVED,
    Process.RESTORING,
    Process.READING,
)
"""Processes whose guest cannot follow its power button."""


def _plan_end(spec: VmSpec, seen: LocalVm) -> list[Step]:
    """End a process whose guest is to stop or to boot again."""
    is_hard = (
        seen.process in _WITHOUT_BUTTON
        or not _keeps_disks(spec, seen)
        or (spec.power is not Power.STOPPED and spec.boot_kind is RebootKind.HARD)
        or spec.shutdown_timeout_s <= 0
    )
    if is_hard:
        return [EndProcess(Ended.ASKED)]
    age_s = seen.shutdown_age_s
    if age_s is not None and age_s >= spec.shutdown_timeout_s:
        return [EndProcess(Ended.ASKED)]
    if seen.process is Process.SILENT and age_s is not None:
        return [Wait("the guest to shut down")]
    if seen.process is Process.SILENT:
        return [EndProcess(Ended.ASKED)]
    if seen.process is Process.PAUSED:
        return [Press(Button.RESUME)]
    if age_s is None or seen.press_age_s >= PRESS_AGAIN_S:
        return [Press(Button.POWER)]
    return [Wait("the guest to shut down", min(LOOK_S, spec.shutdown_timeout_s - age_s))]


def _plan_plugs(spec: VmSpec, seen: LocalVm) -> tuple[list[Step], list[Step]]:
    """Devices to give and to take, and what to wait for."""
    steps: list[Step] = []
    waits: list[Step] = []
    for nic in spec.nics:
        plug = seen.nics.get(nic.port_id)
        if plug is not Plug.WHOLE and nic.port_id not in seen.ready_ports:
            waits.append(Wait(f"port {nic.port_id}"))
        elif plug is not Plug.WHOLE:
            _add(steps, waits, plug, AttachNic(nic))
    for volume in spec.volumes:
        plug = seen.volumes.get(volume.attachment_id)
        size = seen.volume_sizes.get(volume.attachment_id, volume.size_bytes)
        if plug is not Plug.WHOLE or size < volume.size_bytes:
            _add(steps, waits, plug, AttachVolume(volume))
    for attachment_id in seen.volumes.keys() - {volume.attachment_id for volume in spec.volumes}:
        _add(steps, waits, seen.volumes[attachment_id], DetachVolume(attachment_id))
    for port_id in seen.nics.keys() - {nic.port_id for nic in spec.nics}:
        _add(steps, waits, seen.nics[port_id], DetachNic(port_id))
    return steps, waits


def _add(steps: list[Step], waits: list[Step], plug: Plug | None, step: Step) -> None:
    """A device that is on its way out can neither be dropped nor be given again."""
    if plug is Plug.LEAVING:
        waits.append(Wait("the guest to give up a device"))
    else:
        steps.append(step)


def _plan_power(spec: VmSpec, seen: LocalVm) -> list[Step]:
    if seen.process is Process.RESTORING:
        return [Press(Button.RESTORE)]
    if spec.power is Power.SUSPENDED and seen.process is Process.PAUSED and seen.has_state:
        # It was restored and has not gone on: its state is still what it was.
        return [EndProcess(Ended.SUSPENDED)]
    if spec.power is Power.SUSPENDED:
        return [Press(Button.SAVE)]
    if spec.power is Power.PAUSED and seen.has_state:
        return [Press(Button.PAUSE)]
    is_held = seen.process in (Process.PAUSED, Process.PRELAUNCH)
    if spec.power is Power.RUNNING and is_held:
        return [Press(Button.RESUME)]
    if spec.power is Power.PAUSED and not is_held:
        return [Press(Button.PAUSE)]
    if seen.shutdown_age_s is not None and seen.shutdown_age_s >= spec.shutdown_timeout_s:
        return [Press(Button.FORGET)]
    return []
