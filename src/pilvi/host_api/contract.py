"""The envelope: assignments down, observations up."""

from enum import StrEnum
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""As the database has it: a report a second lasts for 68 years."""


class Kind(StrEnum):
    """What a host can be asked to hold."""

    NETWORK = "network"
    PORT = "port"
    ADDRESS_SET = "address_set"
    ROUTER = "router"
    VOLUME = "volume"
    VM = "vm"
    CAPTURE = "capture"
    SNAPSHOT = "snapshot"
    BACKUP = "backup"
    UPLOAD = "upload"
    CONSOLE = "console"
    TRACE = "trace"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a host should hold (or, `present=False`, should give up)."""

    kind: Kind
    id: str
    generation: int
    """Raised with every change of the wish; comes back in the observation that answers it."""
    revision: int
    """Position in this host's stream of changes."""
    present: bool
    spec: msgspec.Raw
    """The spec struct of the kind: NetworkSpec, PortSpec, RouterSpec, VolumeSpec, VmSpec, ..."""
    request_id: str = ""
    """Request that caused the newest change of the wish, for logs; empty where none did."""


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What changed for one host since the revision it named."""

    host_id: str
    revision: int
    """The host's newest revision; smaller than the one asked for means: start again from 0."""
    assignments: list[Assignment]
    audit: int = 0
    """Number of an audit for which the host has yet to list what is there; 0 is none."""


class HostFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step on the host failed."""

    kind: str
    """Name of a kind in `pilvi.errors`."""
    message: str
    """Public: may be shown to the owner of the object."""
    terminal: bool = False
    """Whether trying again cannot help until the wish changes."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a host sees of one object."""

    kind: Kind
    id: str
    generation: int
    """Generation of the assignment that was acted on."""
    present: bool
    """Whether anything of the object is on the host."""
    settled: bool
    """Whether what is seen agrees with that generation of the wish."""
    waiting: str = ""
    """What the next step waits for, a phrase for people; empty when nothing."""
    fault: HostFault | None = None
    seen: msgspec.Raw = msgspec.Raw(b"null")
    """The seen struct of the kind (VmSeen, VolumeSeen, CaptureSeen) or null."""


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is: its inventory and its abilities."""

    hostname: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    """Capacity of the filesystem that holds guests and volumes."""
    disk_free_gib: int
    accelerator: str
    """`kvm` or `tcg`."""
    capabilities: list[str] = []
    """Names of what the drivers can do; they become traits."""
    hypervisor_version: str = ""
    """As QEMU prints it, such as 7.2.22."""
    addresses: list[str] = []
    """Addresses under which other hosts reach this one."""
    booted_at: int = 0
    """Seconds since the epoch when the host's kernel started; 0 is not known."""


class ConsoleOutput(msgspec.Struct, frozen=True, kw_only=True):
    """New bytes of a guest's serial console."""

    server_id: str
    start: int
    """Offset of the first byte since the guest's console began; a gap means bytes were skipped."""
    data: bytes


class GuestPassword(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest posted as its password, which it has encrypted for its owner."""

    server_id: str
    password: str


class GuestCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a running guest has used since its process began; None where it cannot be told now."""

    server_id: str
    cpu_s: float
    """Of all its virtual processors and of what emulates its devices."""
    read_bytes: int | None = None
    """From all its disks and volumes."""
    written_bytes: int | None = None
    received_bytes: int | None = None
    """By all its network cards."""
    sent_bytes: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says. `observations` holds what changed, or everything when `full`."""

    facts: HostFacts
    observations: list[Observation] = []
    full: bool = False
    consoles: list[ConsoleOutput] = []
    passwords: list[GuestPassword] = []
    counts: list[GuestCounts] | None = None
    """Of every guest that runs, once in a heartbeat; None in the reports between."""
    run: Count = 0
    """Of the agent, counted from 1; 0 while it does not know which run it is."""
    number: Count = 0
    """Of the report in its run, counted from 1; 0 is not counted and always newest."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered to a report.

    A report that comes late, or twice, must not undo a newer one: only what is newer than the
    newest is taken, and a run of the agent only ever follows an older one.
    """

    run: int
    """The run that is followed. Another one than the report's means: not taken, and the agent that
    sent it is to call itself the next."""
