"""What a picture is drawn of: what the APIs say of a cloud at one moment. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
"""A thing as its API shows it."""

# Bytes of an overlay that nothing was written to: its header and first tables.
FRESH_DISK_BYTES = 512 << 10
# Shares of a disk's size from which on it counts as changed a little, more, much, through and
# through; the first is any change at all.
HEATS = (0.0, 0.01, 0.1, 0.5)
HOST_KEY, TASK_KEY = "OS-EXT-SRV-ATTR:host", "OS-EXT-STS:task_state"
_AMOUNTS = (("vCPU", "VCPU", ""), ("memory", "MEMORY_MB", " MiB"), ("disk", "DISK_GB", " GiB"))
_BUSY = {"BUILD", "REBUILD", "queued", "backing-up", "restoring-backup"}
_GIVES_BACK = "deleting"


@dataclass(frozen=True, slots=True)
class System:
    """A cloud, or what one project sees of it."""

    images: Sequence[Row]
    servers: Sequence[Row]
    volumes: Sequence[Row]
    hosts: Sequence[Row] | None = None
    """None where the APIs tell nothing of hosts, as they tell tenants."""
    used_bytes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By server id and device: bytes that a local disk really holds."""
    room: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    """By host name and resource class: how much is used, of how much there is to give."""
    cut: frozenset[str] = frozenset()
    """Of which of these there are more than were asked for."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk of a server."""

    device: str
    size_gib: int
    words: str
    used_bytes: int = 0
    volume_id: str = ""
    image_id: str = ""
    """What it is a copy of."""

    @property
    def is_changed(self) -> bool:
        """Whether the guest wrote to it since it was made."""
        return self.used_bytes > FRESH_DISK_BYTES

    @property
    def share(self) -> float:
        """How much of its size it holds, of 1."""
        return min(1.0, self.used_bytes / (max(self.size_gib, 1) << 30))

    @property
    def heat(self) -> int:
        """How much changed, of 4; see `HEATS`."""
        return sum(self.share >= least for least in HEATS) if self.is_changed else 0


@dataclass(frozen=True, slots=True)
class Amount:
    """How much a host gives of one resource."""

    label: str
    used: int
    total: int
    leaving: int
    """The part of what is used that instances on their way out give back."""
    unit: str

    @property
    def words(self) -> str:
        """For people."""
        used = f"{self.used}{self.unit} used"
        if self.leaving:
            return f"{used}, {self.leaving} of it leaving"
        return f"{used}, {self.total - self.used}{self.unit} free"


def read_used_bytes(servers: Iterable[Row]) -> dict[str, dict[str, int]]:
    """What compute's list of disks says, as `System` has it. Pure."""
    return {
        server["id"]: {disk["device"]: int(disk["used_bytes"]) for disk in server["disks"]}
        for server in servers
    }


def read_room(providers: Iterable[Row]) -> dict[str, dict[str, tuple[int, int]]]:
    """What placement's list of usages says, as `System` has it. Pure."""
    return {
        provider["name"]: {
            name: (one["used"], one["capacity"]) for name, one in provider["resources"].items()
        }
        for provider in providers
    }


def list_disks(server: Row, system: System) -> list[Disk]:
    """A server's disks in the order of their devices. Pure."""
    flavor, used = server["flavor"], system.used_bytes.get(server["id"], {})
    disks = []
    if server.get("image") and flavor["disk"]:
        held, image_id = used.get("vda", 0), str(server["image"]["id"])
        disks.append(Disk("vda", flavor["disk"], "copy of the image", held, image_id=image_id))
    if flavor["ephemeral"]:
        disks.append(Disk("vdb", flavor["ephemeral"], "ephemeral", used.get("vdb", 0)))
    for volume in system.volumes:
        for one in volume["attachments"]:
            if one["server_id"] == server["id"]:
                device = str(one["device"]).removeprefix("/dev/")
                words = f"volume {name_of(volume)}"
                disks.append(Disk(device, volume["size"], words, volume_id=volume["id"]))
    return sorted(disks, key=lambda disk: disk.device)


def list_amounts(host: Row, system: System) -> list[Amount]:
    """What a host gives, as far as it is known. Pure."""
    name = host["hypervisor_hostname"]
    room = system.room.get(name, {})
    leaving = [
        one["flavor"]
        for one in list_placed(system, name)
        if str(one.get(TASK_KEY) or "") == _GIVES_BACK
    ]
    needs = {
        "VCPU": sum(flavor["vcpus"] for flavor in leaving),
        "MEMORY_MB": sum(flavor["ram"] for flavor in leaving),
        "DISK_GB": sum(flavor["disk"] + flavor["ephemeral"] for flavor in leaving),
    }
    return [
        Amount(label, room[name][0], room[name][1], min(needs[name], room[name][0]), unit)
        for label, name, unit in _AMOUNTS
        if name in room
    ]


def list_placed(system: System, host: str) -> list[Row]:
    """The servers on a host. Pure."""
    return [one for one in system.servers if one.get(HOST_KEY) == host]


def list_unplaced(system: System) -> list[Row]:
    """The servers on none of the hosts that are known. Pure."""
    known = {host["hypervisor_hostname"] for host in system.hosts or ()}
    return [one for one in system.servers if one.get(HOST_KEY) not in known]


def is_busy(row: Row) -> bool:
    """Whether something is being done with an image, a server or a volume. Pure."""
    status = str(row["status"])
    return bool(row.get(TASK_KEY)) or status in _BUSY or status.endswith("ing")


def name_of(row: Row) -> str:
    """What a thing is called; its id where it has no name. Pure."""
    return str(row.get("name") or row["id"])


def size_words(size: int | None) -> str:
    """A number of bytes in words. Pure."""
    if size is None:
        return "-"
    if size < 1 << 20:
        return f"{size / 1024:.0f} KiB"
    if size < 1 << 30:
        return f"{size / (1 << 20):.1f} MiB"
    return f"{size / (1 << 30):.1f} GiB"
