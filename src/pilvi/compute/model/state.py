"""What is wanted of a server, what is seen of it, and the state that follows from the two.

`condition` is the one function that says a server's status; nothing stores a state of its own.
"""

from dataclasses import dataclass
from enum import StrEnum

from pilvi.compute.model.flavor import Flavor
from pilvi.host_api.vms import ImageSource, Power, RebootKind


class Status(StrEnum):
    """What the API calls a server's status."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    SHUTOFF = "SHUTOFF"
    REBOOT = "REBOOT"
    HARD_REBOOT = "HARD_REBOOT"
    REBUILD = "REBUILD"
    RESCUE = "RESCUE"
    RESIZE = "RESIZE"
    VERIFY_RESIZE = "VERIFY_RESIZE"
    REVERT_RESIZE = "REVERT_RESIZE"
    SHELVED = "SHELVED"
    SHELVED_OFFLOADED = "SHELVED_OFFLOADED"
    ERROR = "ERROR"
    DELETED = "DELETED"


class VmState(StrEnum):
    """The stable part of a server's state."""

    BUILDING = "building"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    RESCUED = "rescued"
    RESIZED = "resized"
    SHELVED = "shelved"
    SHELVED_OFFLOADED = "shelved_offloaded"
    ERROR = "error"
    DELETED = "deleted"


class TaskState(StrEnum):
    """What is being done to a server."""

    SCHEDULING = "scheduling"
    BLOCK_DEVICE_MAPPING = "block_device_mapping"
    SPAWNING = "spawning"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    REBUILDING = "rebuilding"
    RESCUING = "rescuing"
    UNRESCUING = "unrescuing"
    RESIZE_PREP = "resize_prep"
    RESIZE_MIGRATING = "resize_migrating"
    RESIZE_FINISH = "resize_finish"
    RESIZE_CONFIRMING = "resize_confirming"
    RESIZE_REVERTING = "resize_reverting"
    SHELVING = "shelving"
    SHELVING_OFFLOADING = "shelving_offloading"
    UNSHELVING = "unshelving"
    IMAGE_SNAPSHOT = "image_snapshot"
    DELETING = "deleting"


POWER_STATES = {
    None: 0,
    Power.RUNNING: 1,
    Power.PAUSED: 3,
    Power.SUSPENDED: 4,
    Power.STOPPED: 4,
}
"""Numbers of the API: 0 no state, 1 running, 3 paused, 4 shut down."""


class Word(StrEnum):
    """What the owner says of a resize."""

    PENDING = "pending"
    """Nothing yet: the way back stays open."""
    CONFIRMED = "confirmed"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Another flavor, or (a migration) another host, until its owner's word is carried out."""

    migration_id: str
    flavor: Flavor
    is_migration: bool = False
    """Whether another host must be found."""
    wanted_host: str | None = None
    """Name of the only host that will do."""
    word: Word = Word.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """An image to boot from, with the server's own disk beside it."""

    image: ImageSource
    generation: int
    """Generation of the rescue disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reimage:
    """An image to write to the volume that a server boots from, while its guest is off."""

    image_id: str
    content_generation: int | None = None
    """Of the volume, once it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evacuation:
    """Another host, because the server's own is down, until the guest is there."""

    migration_id: str
    source_host_id: str
    wanted_host: str | None = None
    """Name of the only host that will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What is wanted. `generation` rises with every change of any wish about the server."""

    generation: int = 1
    present: bool = True
    power: Power = Power.RUNNING
    boot_generation: int = 1
    boot_kind: RebootKind = RebootKind.HARD
    image_generation: int = 1
    """The generation in which the disks were last asked for anew or grown."""
    shelved: bool = False
    """Whether it is to have no host: its disk kept as an image."""
    resize: Resize | None = None
    rescue: Rescue | None = None
    reimage: Reimage | None = None
    evacuation: Evacuation | None = None

    @property
    def keeps_guest_off(self) -> bool:
        """Whether the guest is to be off whatever its power is to be: its disk is at work."""
        return self.shelved or self.reimage is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is seen. `power` is None until a host has reported the vm."""

    is_claimed: bool = False
    """Whether anything is claimed for it: a host, ports, an allocation."""
    is_assigned: bool = False
    """Whether that host was told."""
    is_launched: bool = False
    """Whether the vm has ever run."""
    is_deleted: bool = False
    """Whether everything is gone."""
    power: Power | None = None
    boot_generation: int = -1
    image_generation: int = -1
    is_capturing: bool = False
    is_rescued: bool = False
    """Whether the newest boot was of a rescue disk."""
    has_way_back: bool = False
    """Whether a resize has claimed its place and keeps the old one."""
    is_resized: bool = False
    """Whether the resized vm is as wished, so that its owner can say a word."""
    is_carried: bool = False
    """Whether its disks have arrived in the image store."""
    is_offloaded: bool = False
    """Whether it is shelved and no host has anything of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Everything that is computed of a server's state."""

    status: Status
    vm_state: VmState
    task_state: TaskState | None
    power_state: int


def condition(desired: Desired, observed: Observed, *, is_error: bool) -> Condition:
    """A server's status and states. Pure."""
    vm_state = _vm_state(desired, observed, is_error=is_error)
    task_state = _task_state(desired, observed)
    if is_error and task_state is not TaskState.DELETING:
        task_state = None
    return Condition(
        status=_status(vm_state, task_state),
        vm_state=vm_state,
        task_state=task_state,
        power_state=POWER_STATES[None if observed.is_deleted else observed.power],
    )


def status(desired: Desired, observed: Observed, *, is_error: bool) -> Status:
    """Only the status. Pure."""
    return condition(desired, observed, is_error=is_error).status


def _vm_state(desired: Desired, observed: Observed, *, is_error: bool) -> VmState:
    if observed.is_deleted:
        return VmState.DELETED
    if is_error:
        return VmState.ERROR
    if not observed.is_launched:
        return VmState.BUILDING
    if observed.is_offloaded:
        return VmState.SHELVED_OFFLOADED
    if desired.shelved and observed.is_carried:
        return VmState.SHELVED
    if observed.is_resized:
        return VmState.RESIZED
    if observed.is_rescued:
        return VmState.RESCUED
    return _BY_POWER[observed.power]


_BY_POWER = {
    None: VmState.STOPPED,
    Power.RUNNING: VmState.ACTIVE,
    Power.PAUSED: VmState.PAUSED,
    Power.SUSPENDED: VmState.SUSPENDED,
    Power.STOPPED: VmState.STOPPED,
}


def _task_state(desired: Desired, observed: Observed) -> TaskState | None:
    if observed.is_deleted:
        return None
    if not desired.present:
        return TaskState.DELETING
    if not observed.is_launched:
        if not observed.is_claimed:
            return TaskState.SCHEDULING
        return TaskState.SPAWNING if observed.is_assigned else TaskState.BLOCK_DEVICE_MAPPING
    if observed.is_offloaded:
        return None if desired.shelved else TaskState.UNSHELVING
    for find in (_shelf_task, _resize_task, _boot_task):
        if (found := find(desired, observed)) is not None:
            return found
    return TaskState.IMAGE_SNAPSHOT if observed.is_capturing else None


def _shelf_task(desired: Desired, observed: Observed) -> TaskState | None:
    if not desired.shelved:
        return None
    return TaskState.SHELVING_OFFLOADING if observed.is_carried else TaskState.SHELVING


def _resize_task(desired: Desired, observed: Observed) -> TaskState | None:
    match desired.resize:
        case None:
            return None
        case Resize(word=Word.CONFIRMED):
            return TaskState.RESIZE_CONFIRMING
        case Resize(word=Word.REVERTED):
            return TaskState.RESIZE_REVERTING
    if observed.is_resized:
        return None
    if not observed.has_way_back:
        return TaskState.RESIZE_PREP
    return TaskState.RESIZE_FINISH if observed.is_carried else TaskState.RESIZE_MIGRATING


def _boot_task(desired: Desired, observed: Observed) -> TaskState | None:
    is_older = observed.boot_generation < desired.boot_generation
    if desired.reimage is not None or desired.evacuation is not None:
        return TaskState.REBUILDING
    if is_older and desired.rescue is not None and not observed.is_rescued:
        return TaskState.RESCUING
    if observed.is_rescued and desired.rescue is None:
        return TaskState.UNRESCUING
    if observed.image_generation not in (-1, desired.image_generation):
        return TaskState.REBUILDING
    changing = _POWER_TASKS.get((observed.power or Power.STOPPED, desired.power))
    if changing is not None and not _reboots(desired, observed):
        return changing
    if desired.power is Power.RUNNING and is_older:
        soft = desired.boot_kind is RebootKind.SOFT
        return TaskState.REBOOTING if soft else TaskState.REBOOTING_HARD
    return None


def _reboots(desired: Desired, observed: Observed) -> bool:
    return (
        observed.power in (Power.PAUSED, Power.SUSPENDED)
        and desired.power is Power.RUNNING
        and observed.boot_generation < desired.boot_generation
    )


_POWER_TASKS = {
    (Power.STOPPED, Power.RUNNING): TaskState.POWERING_ON,
    (Power.STOPPED, Power.PAUSED): TaskState.POWERING_ON,
    (Power.STOPPED, Power.SUSPENDED): TaskState.SUSPENDING,
    (Power.RUNNING, Power.STOPPED): TaskState.POWERING_OFF,
    (Power.PAUSED, Power.STOPPED): TaskState.POWERING_OFF,
    (Power.SUSPENDED, Power.STOPPED): TaskState.POWERING_OFF,
    (Power.RUNNING, Power.PAUSED): TaskState.PAUSING,
    (Power.SUSPENDED, Power.PAUSED): TaskState.RESUMING,
    (Power.PAUSED, Power.RUNNING): TaskState.UNPAUSING,
    (Power.SUSPENDED, Power.RUNNING): TaskState.RESUMING,
    (Power.RUNNING, Power.SUSPENDED): TaskState.SUSPENDING,
    (Power.PAUSED, Power.SUSPENDED): TaskState.SUSPENDING,
}
"""From the power that is seen to the power that is wanted."""

_RESIZING = (TaskState.RESIZE_PREP, TaskState.RESIZE_MIGRATING, TaskState.RESIZE_FINISH)
_SETTLED = (VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.STOPPED)


def _status(vm_state: VmState, task_state: TaskState | None) -> Status:
    if vm_state in (*_SETTLED, VmState.RESIZED):
        if task_state is TaskState.RESIZE_REVERTING:
            return Status.REVERT_RESIZE
        if task_state is TaskState.REBOOTING_HARD:
            return Status.HARD_REBOOT
        if task_state is TaskState.REBUILDING:
            return Status.REBUILD
        if task_state in _RESIZING:
            return Status.RESIZE
    if (vm_state, task_state) == (VmState.ACTIVE, TaskState.REBOOTING):
        return Status.REBOOT
    return STATUSES[vm_state]


STATUSES = {
    VmState.BUILDING: Status.BUILD,
    VmState.ACTIVE: Status.ACTIVE,
    VmState.PAUSED: Status.PAUSED,
    VmState.SUSPENDED: Status.SUSPENDED,
    VmState.STOPPED: Status.SHUTOFF,
    VmState.RESCUED: Status.RESCUE,
    VmState.RESIZED: Status.VERIFY_RESIZE,
    VmState.SHELVED: Status.SHELVED,
    VmState.SHELVED_OFFLOADED: Status.SHELVED_OFFLOADED,
    VmState.ERROR: Status.ERROR,
    VmState.DELETED: Status.DELETED,
}
"""The status of a server that nothing is done to."""
