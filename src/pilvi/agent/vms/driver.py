"""What a host can do for its vms: the protocols, kept by `qemu.py` and `fake.py`.

Every method does one thing, may be repeated, and returns soon; it raises a `PilviError`, or
OSError from the host's disk. What takes long is begun by one call and seen by another.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pilvi.agent.vms.console import ConsolePiece
from pilvi.agent.vms.local_vm import Button, Ended, LocalVm
from pilvi.host_api.holdings import Holding
from pilvi.host_api.vms import (
    CaptureSpec,
    Disk,
    GuestDocuments,
    ImageSource,
    Nic,
    VmSpec,
    VolumeConnection,
)


class VmDriver(Protocol):
    """The life of one vm."""

    @property
    def capabilities(self) -> list[str]:
        """Names of what it can do; they become traits."""
        ...

    async def observe(self, server_id: str) -> LocalVm:
        """Everything that is there of a vm."""
        ...

    async def prepare(self, server_id: str) -> None:
        """Record what the vm will own and make its folder."""
        ...

    async def store_base(self, image: ImageSource, pieces: AsyncIterator[bytes]) -> None:
        """Keep an image's bytes, as long as they take to arrive. One call for an image."""
        ...

    async def create_disk(self, server_id: str, disk: Disk, generation: int) -> None:
        """Make one layer of a local disk; what it lies on is here."""
        ...

    async def remove_disk(self, server_id: str, device: str, generation: int) -> None:
        """Remove a local disk that no process has."""
        ...

    async def create_config_drive(self, server_id: str, documents: GuestDocuments) -> None:
        """Write the config drive, in place of an older one."""
        ...

    async def launch(self, spec: VmSpec) -> None:
        """Start a process that waits before the guest's first instruction, or for its state."""
        ...

    async def attach_volume(self, server_id: str, volume: VolumeConnection) -> None:
        """Give the process a volume, or the size to which one that it has was grown."""
        ...

    async def detach_volume(self, server_id: str, attachment_id: str) -> None:
        """Ask the guest to give a volume up; once it has, drop the rest."""
        ...

    async def attach_nic(self, server_id: str, nic: Nic, tap: int) -> None:
        """Give the process a network card on an open tap, which the caller closes."""
        ...

    async def detach_nic(self, server_id: str, port_id: str) -> None:
        """Ask the guest to give a network card up; once it has, drop the rest."""
        ...

    async def press(self, server_id: str, button: Button) -> None:
        """Resume, pause, save, restore, or ask the guest to shut down."""
        ...

    async def end_process(self, server_id: str, ended: Ended) -> None:
        """End the process, if there is one, and remember how it ended.

        A state that was saved is kept only by the end `suspended`.
        """
        ...

    async def remove(self, server_id: str) -> None:
        """Remove everything of a vm, its processes first and its record last."""
        ...


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What a driver is."""

    accelerator: str
    """`kvm` or `tcg`."""
    version: str


@dataclass(frozen=True, slots=True)
class ProcessCounts:
    """What a guest's process has used since it began."""

    cpu_s: float
    read_bytes: int | None
    """From all disks and volumes; None when the process does not answer now."""
    written_bytes: int | None


class VmHost(Protocol):
    """What concerns all vms of a host."""

    async def facts(self) -> DriverFacts:
        """What guests are run by; found out once."""
        ...

    def list_vms(self) -> list[str]:
        """Ids of all vms of which anything is here."""
        ...

    def events(self) -> AsyncIterator[str]:
        """Ids of vms of which something changed by itself, as it happens. For one reader."""
        ...

    async def tend(self) -> None:
        """What has to be done now and then: bound the logs."""
        ...

    async def read_console(self, server_id: str, offset: int, limit: int) -> ConsolePiece:
        """New bytes of a guest's serial console."""
        ...

    async def count(self, server_id: str) -> ProcessCounts | None:
        """What a guest's process has used; None when there is no process."""
        ...

    async def close(self) -> None:
        """Give back what this process holds; guests go on."""
        ...

    async def holdings(self) -> list[Holding]:
        """Everything of vms and captures that is really there, whoever made it, for an audit."""
        ...

    async def prune_bases(self, idle_s: float) -> list[str]:
        """Remove the images that no vm has used for some seconds; answers which."""
        ...


class CaptureState(StrEnum):
    """How far the copy of a disk is on this host."""

    NONE = "none"
    COPYING = "copying"
    ENDED = "ended"
    """The copying ended, well or badly, and waits to be collected."""
    COPIED = "copied"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class LocalCapture:
    """What is there of one capture."""

    state: CaptureState
    done_bytes: int = 0
    total_bytes: int = 0
    path: str = ""
    """The copy, once it is whole; root's alone."""


class CaptureDriver(Protocol):
    """Copies of disks."""

    async def observe_capture(self, image_id: str) -> LocalCapture:
        """How far a copy is. A copy that was broken off is none."""
        ...

    async def start_capture(self, spec: CaptureSpec, vm: VmSpec) -> None:
        """Begin to copy a disk as it is at this moment, from a running guest or a stopped one."""
        ...

    async def collect_capture(self, image_id: str) -> None:
        """Put a whole copy where only root reaches it, or raise why there is none."""
        ...

    async def finish_capture(self, image_id: str) -> None:
        """The copy was sent: keep only that it was."""
        ...

    async def remove_capture(self, image_id: str) -> None:
        """End the copy and remove everything of it."""
        ...

    def list_captures(self) -> list[str]:
        """Image ids of all captures of which anything is here."""
        ...


class HostDriver(VmDriver, VmHost, CaptureDriver, Protocol):
    """A whole driver, as the reconcilers are given it."""
