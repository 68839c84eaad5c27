"""A server: what its owner wants, what is seen, and the one function that says its status.

Three kinds of values: *desired* (written by operations), *owned* (`host_id`, written by the
reconciler before anything is made), *observed* (copied from what the host reports). Everything a
user sees as a state is computed from them by `condition`.
"""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from pilvi.compute.model.flavor import Flavor
from pilvi.host_api.vms import ImageSource, Power, RebootKind
from pilvi.network.model import NetworkRequest

ServerId = NewType("ServerId", str)


class Status(StrEnum):
    """What the API calls a server's status."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    SHUTOFF = "SHUTOFF"
    REBOOT = "REBOOT"
    HARD_REBOOT = "HARD_REBOOT"
    ERROR = "ERROR"
    DELETED = "DELETED"


class VmState(StrEnum):
    """The stable part of a server's state."""

    BUILDING = "building"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
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
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    IMAGE_SNAPSHOT = "image_snapshot"
    DELETING = "deleting"


POWER_STATES = {None: 0, Power.RUNNING: 1, Power.PAUSED: 3, Power.STOPPED: 4}
"""Numbers of the API: 0 no state, 1 running, 3 paused, 4 shut down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVolume:
    """A volume that a server has, is given (`present`) or gives up."""

    attachment_id: str
    volume_id: str
    device: str
    tag: str | None = None
    delete_on_termination: bool = False
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerKey:
    """The key pair's public part, as it was when the server was created."""

    name: str
    type: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a server is in ERROR."""

    code: int
    message: str
    created_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Everything that is computed of a server's state."""

    status: Status
    vm_state: VmState
    task_state: TaskState | None
    power_state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What is wanted. `generation` rises with every change of any wish about the server."""

    generation: int = 1
    present: bool = True
    power: Power = Power.RUNNING
    boot_generation: int = 1
    boot_kind: RebootKind = RebootKind.HARD
    image_generation: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is seen. `power` is None until a host has reported the vm."""

    is_claimed: bool = False
    """Whether a host is chosen and everything is claimed."""
    is_assigned: bool = False
    """Whether that host was told."""
    is_launched: bool = False
    """Whether the vm has ever run."""
    is_deleted: bool = False
    """Whether everything is gone."""
    power: Power | None = None
    boot_generation: int = -1
    is_capturing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server, as its row holds it."""

    id: ServerId
    project_id: str
    user_id: str
    name: str
    hostname: str
    description: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    reservation_id: str
    launch_index: int
    flavor: Flavor
    image: ImageSource
    key: ServerKey | None
    user_data: str | None
    """Base64, as it was given."""
    config_drive: bool
    availability_zone: str | None
    """The zone that was asked for."""
    wanted_host: str | None
    """Name of the only host that will do, where an admin asked for one."""
    requests: tuple[NetworkRequest, ...]
    security_groups: tuple[str, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    access_ipv4: str = ""
    access_ipv6: str = ""
    volumes: tuple[ServerVolume, ...] = ()
    leaving_ports: tuple[str, ...] = ()
    """Ports that the guest is to give up; each is forgotten once it is released."""
    locked_by: str | None = None
    """`owner` or `admin`."""
    locked_reason: str | None = None
    desired: Desired = Desired()
    host_id: str | None = None
    assigned_generation: int | None = None
    """Desired generation that the host was last told."""
    observed: Observed = Observed()
    given_up: bool = False
    """Whether it could not be launched: everything claimed is given back."""
    fault: Fault | None = None
    failed_generation: int | None = None
    """Desired generation at which the host said that trying again cannot help."""
    launched_at: datetime.datetime | None = None
    deleted_at: datetime.datetime | None = None

    @property
    def is_error(self) -> bool:
        """Whether a fault stands that only a new wish can end."""
        return self.given_up or self.failed_generation == self.desired.generation

    @property
    def condition(self) -> Condition:
        """Its computed state."""
        return condition(self.desired, self.observed, is_error=self.is_error)

    @property
    def instance_name(self) -> str:
        """The name that hosts give the vm."""
        return f"instance-{self.id[:8]}"


def condition(desired: Desired, observed: Observed, *, is_error: bool) -> Condition:
    """A server's status and states. Pure."""
    vm_state, task_state = _vm_state(observed, is_error=is_error), _task_state(desired, observed)
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


def _vm_state(observed: Observed, *, is_error: bool) -> VmState:
    if observed.is_deleted:
        return VmState.DELETED
    if is_error:
        return VmState.ERROR
    if not observed.is_launched:
        return VmState.BUILDING
    match observed.power:
        case Power.RUNNING:
            return VmState.ACTIVE
        case Power.PAUSED:
            return VmState.PAUSED
    return VmState.STOPPED


def _task_state(desired: Desired, observed: Observed) -> TaskState | None:
    if observed.is_deleted:
        return None
    if not desired.present:
        return TaskState.DELETING
    if not observed.is_launched:
        if not observed.is_claimed:
            return TaskState.SCHEDULING
        return TaskState.SPAWNING if observed.is_assigned else TaskState.BLOCK_DEVICE_MAPPING
    changing = _POWER_TASKS.get((observed.power or Power.STOPPED, desired.power))
    if changing is not None and not _reboots_from_pause(desired, observed):
        return changing
    if desired.power is Power.RUNNING and observed.boot_generation < desired.boot_generation:
        soft = desired.boot_kind is RebootKind.SOFT
        return TaskState.REBOOTING if soft else TaskState.REBOOTING_HARD
    return TaskState.IMAGE_SNAPSHOT if observed.is_capturing else None


def _reboots_from_pause(desired: Desired, observed: Observed) -> bool:
    return (
        observed.power is Power.PAUSED
        and desired.power is Power.RUNNING
        and observed.boot_generation < desired.boot_generation
    )


_POWER_TASKS = {
    (Power.STOPPED, Power.RUNNING): TaskState.POWERING_ON,
    (Power.STOPPED, Power.PAUSED): TaskState.POWERING_ON,
    (Power.RUNNING, Power.STOPPED): TaskState.POWERING_OFF,
    (Power.PAUSED, Power.STOPPED): TaskState.POWERING_OFF,
    (Power.RUNNING, Power.PAUSED): TaskState.PAUSING,
    (Power.PAUSED, Power.RUNNING): TaskState.UNPAUSING,
}
"""From the power that is seen to the power that is wanted."""


def _status(vm_state: VmState, task_state: TaskState | None) -> Status:
    match vm_state, task_state:
        case VmState.BUILDING, _:
            return Status.BUILD
        case VmState.ACTIVE, TaskState.REBOOTING:
            return Status.REBOOT
        case ((VmState.ACTIVE | VmState.PAUSED | VmState.STOPPED), TaskState.REBOOTING_HARD):
            return Status.HARD_REBOOT
        case VmState.ACTIVE, _:
            return Status.ACTIVE
        case VmState.PAUSED, _:
            return Status.PAUSED
        case VmState.STOPPED, _:
            return Status.SHUTOFF
        case VmState.ERROR, _:
            return Status.ERROR
    return Status.DELETED
