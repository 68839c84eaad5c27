"""One virtual machine on one host."""

from enum import StrEnum
from typing import Any

import msgspec


class Power(StrEnum):
    """The power state that a server's owner wants, and the one that is seen."""

    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    """The guest's memory is kept on the host's disk and no process runs."""
    STOPPED = "stopped"


class RebootKind(StrEnum):
    """How the boot that `boot_generation` asks for ends the one before it."""

    SOFT = "soft"
    HARD = "hard"


class DiskKind(StrEnum):
    """Where a local disk's bytes come from."""

    IMAGE = "image"
    EPHEMERAL = "ephemeral"
    SWAP = "swap"
    """An empty swap space; it is made anew with each image generation."""


class ImageSource(msgspec.Struct, frozen=True, kw_only=True):
    """An image in the store, as the host fetches and opens it."""

    image_id: str
    disk_format: str
    """`raw` or `qcow2`, from the database: never probed."""
    size_bytes: int
    sha512: str
    virtual_size_bytes: int


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk on the host that lives and dies with the vm."""

    device: str
    """Its name on the host: vda, vdb, rescue. The guest's names follow the order of the spec."""
    kind: DiskKind
    size_bytes: int
    image: ImageSource | None = None
    """Base of the copy-on-write overlay when `kind` is image."""
    layers: list[int] = []
    """Generations of its layers, the lowest first; none means one, of the vm's `image_generation`.

    The lowest is made of `kind`; each other is an overlay on the one before, as large as
    `size_bytes` when it is made. A list without its last is the disk as it was before that.
    """


class VolumeConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A volume attached through iSCSI."""

    attachment_id: str
    volume_id: str
    """Its first 20 characters are the disk's serial number."""
    device: str
    """Name that the guest is expected to use: vdc."""
    portal: str
    """HOST:PORT."""
    iqn: str
    lun: int
    username: str
    password: str
    size_bytes: int
    read_only: bool = False
    boots: bool = False
    """Whether the guest starts from it; its vm then has no disk vda."""


class Nic(msgspec.Struct, frozen=True, kw_only=True):
    """A network card; its tap is made by the port's own assignment on the same host."""

    port_id: str
    mac: str
    mtu: int


class GuestDocuments(msgspec.Struct, frozen=True, kw_only=True):
    """What the guest can ask of 169.254.169.254 or read from its config drive."""

    meta_data: dict[str, Any]
    """Body of /openstack/latest/meta_data.json."""
    network_data: dict[str, Any]
    """Body of /openstack/latest/network_data.json."""
    ec2: dict[str, Any]
    """Tree under /latest/meta-data/: a string is a leaf, a mapping is a folder."""
    user_data: bytes | None = None
    """Body of /openstack/latest/user_data and /latest/user-data; None answers 404."""
    admin_password: str | None = None
    """On the config drive alone; nobody can ask for it over the network."""


class VmSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One vm, whole. The same wish always gives the same vm."""

    server_id: str
    project_id: str
    name: str
    vcpus: int
    memory_mib: int
    power: Power
    boot_generation: int
    """Raised to ask for a reboot; a vm whose seen value is older is rebooted once."""
    boot_kind: RebootKind
    image_generation: int
    """Changed with the layers of the disks (rebuild, resize): a vm on others is started anew."""
    disks: list[Disk]
    volumes: list[VolumeConnection]
    nics: list[Nic]
    config_drive: bool
    documents: GuestDocuments
    shutdown_timeout_s: float = 60.0
    """How long a guest may take to shut down by itself before its power is cut."""


class VmSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the host sees of one vm."""

    power: Power
    boot_generation: int
    image_generation: int
    attached_volumes: list[str]
    """Attachment ids of the volumes that the guest has now."""
    attached_ports: list[str]
    accelerator: str
    pid: int | None = None
    started_at: float | None = None
    """Seconds since the epoch when the QEMU process began; None when it does not run."""
    disk_bytes: dict[str, int] = {}
    """Bytes each local disk really uses, by device: what changed since launch."""


class CaptureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of a vm's disk, sent to the image store; one-shot, named by the image's id."""

    image_id: str
    server_id: str
    device: str
    disk_format: str
    """Format of the copy: qcow2."""
    volume_id: str | None = None


class CaptureSeen(msgspec.Struct, frozen=True, kw_only=True):
    """How far a capture is."""

    state: str
    """`copying`, `sending`, `sent`."""
    done_bytes: int = 0
    total_bytes: int = 0
