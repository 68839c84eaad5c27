"""A server, as its row holds it.

Three kinds of values: *desired* (written by operations), *owned* (`host_id` and what lies there,
written by the reconciler before anything is made), *observed* (copied from what the host
reports). Everything a user sees as a state is computed from them by `model.state.condition`.
"""

import datetime
from dataclasses import dataclass, field
from typing import Any, NewType

from pilvi.compute.model.flavor import EPHEMERAL_DEVICE, ROOT_DEVICE, Flavor
from pilvi.compute.model.state import Condition, Desired, Observed, condition
from pilvi.host_api.vms import ImageSource
from pilvi.network.model import NetworkRequest

ServerId = NewType("ServerId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVolume:
    """A volume that a server has, is given (`present`) or gives up."""

    attachment_id: str
    volume_id: str
    device: str
    tag: str | None = None
    delete_on_termination: bool = False
    present: bool = True
    boots: bool = False
    """Whether the server boots from it."""


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
class WayBack:
    """Where and what a server was before a resize: kept until its owner's word."""

    migration_id: str
    """The consumer that holds the old allocation."""
    host_id: str
    flavor: Flavor
    image_generation: int
    layers: dict[str, tuple[int, ...]]
    sources: dict[str, ImageSource]


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
    """The flavor in force: a resize changes it with the allocation, in one transaction."""
    image: ImageSource | None
    """None: it boots from a volume."""
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
    hints: dict[str, Any] = field(default_factory=dict)
    """Scheduler hints, as they were given."""
    image_properties: dict[str, Any] = field(default_factory=dict)
    """Of the image, as they were when its disk was made."""
    disk_config: str = "MANUAL"
    """Kept and shown; a guest grows its own partition in any case."""
    admin_password: str | None = field(default=None, repr=False)
    """For the config drive; kept only where there is one."""
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
    layers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Of each disk on the host that was resized: generations of its layers, the lowest first."""
    sources: dict[str, ImageSource] = field(default_factory=dict)
    """What a disk on the host is made of, where it was carried there, by its device."""
    carriers: dict[str, str] = field(default_factory=dict)
    """Images that carry its disks to a shelf or another host, by their device."""
    way_back: WayBack | None = None
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
    def root_volume(self) -> ServerVolume | None:
        """The volume that it boots from; None when its root disk is on the host."""
        return next((volume for volume in self.volumes if volume.boots), None)

    @property
    def root_device(self) -> str:
        """Name of the disk that it boots from."""
        return ROOT_DEVICE if self.root_volume is None else self.root_volume.device

    @property
    def local_devices(self) -> tuple[str, ...]:
        """Names of its disks on the host, the one that it boots from first."""
        root = () if self.image is None else (ROOT_DEVICE,)
        return root + ((EPHEMERAL_DEVICE,) if self.flavor.ephemeral_gib else ())

    @property
    def local_names(self) -> set[str]:
        """Names that its guest is expected to use for the disks on the host."""
        names = {*self.local_devices}
        if self.flavor.swap_mib:
            names.add("vdc" if self.flavor.ephemeral_gib else "vdb")
        return names

    def layers_of(self, device: str) -> tuple[int, ...]:
        """Generations of the layers of a disk on the host, the lowest first."""
        return self.layers.get(device, (self.desired.image_generation,))

    @property
    def condition(self) -> Condition:
        """Its computed state."""
        return condition(self.desired, self.observed, is_error=self.is_error)

    @property
    def instance_name(self) -> str:
        """The name that hosts give the vm."""
        return f"instance-{self.id[:8]}"


def resources_of(server: Server, flavor: Flavor) -> dict[str, int]:
    """What a server of a flavor takes of its host: no disk for a root that is a volume. Pure."""
    amounts = dict(flavor.resources)
    if server.image is None:
        amounts["DISK_GB"] = flavor.ephemeral_gib + flavor.swap_gib
    return {name: amount for name, amount in amounts.items() if amount}
