"""The protocol of a volume driver, and what it says of the world."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from pilvi.host_api.volumes import Export


@dataclass(frozen=True, slots=True)
class SeenTarget:
    """One target that this driver made, or began to make, for a volume."""

    iqn: str
    fingerprint: str
    """Of the export it was made from; empty while it is not whole."""
    size_bytes: int
    """Size that initiators are told."""


@dataclass(frozen=True, slots=True)
class SeenVolume:
    """What is on the host of one volume."""

    size_bytes: int | None
    """None: there is no file."""
    used_bytes: int
    targets: tuple[SeenTarget, ...]

    @property
    def is_present(self) -> bool:
        """Whether anything of the volume is on the host."""
        return self.size_bytes is not None or bool(self.targets)


def fingerprint(export: Export) -> str:
    """A value that changes with any part of an export and tells nothing of its password. Pure."""
    return hashlib.sha256(msgspec.json.encode(export)).hexdigest()


class VolumeDriver(Protocol):
    """Each method does one thing, may be repeated, and raises a `PilviError` when it cannot."""

    @property
    def capabilities(self) -> Sequence[str]:
        """What this driver can do, as trait names."""
        ...

    @property
    def portal(self) -> str:
        """HOST:PORT under which the targets answer."""
        ...

    async def start(self) -> None:
        """See to it that the exporting service runs. It starts without any target."""
        ...

    async def wait_ended(self) -> None:
        """Return when the exporting service that was started or found has ended."""
        ...

    async def observe(self, volume_id: str) -> SeenVolume:
        """What is there of one volume."""
        ...

    async def make_file(self, volume_id: str, size_bytes: int) -> None:
        """Make the volume's file, or grow it to this size; new bytes are zeros.

        Raises `NoCapacity` for a size that the filesystem could never hold.
        """
        ...

    async def remove_file(self, volume_id: str) -> None:
        """Remove the volume's file with all its bytes."""
        ...

    async def add_target(self, volume_id: str, export: Export) -> None:
        """Make a target of the volume's file; it answers only when its account guards it."""
        ...

    async def remove_target(self, volume_id: str, iqn: str) -> None:
        """End a target and its account; who is logged in is logged out.

        An initiator that finds the same target again soon goes on without an error.
        """
        ...

    async def close(self) -> None:
        """Give back what the driver holds in this process; the service runs on."""
        ...
