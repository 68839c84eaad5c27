"""The protocol of a volume driver, and what it says of the world."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from pilvi.host_api.holdings import Holding
from pilvi.host_api.vms import ImageSource
from pilvi.host_api.volumes import Export

# Bytes of one block of `read_blocks` and `write_blocks`. Lower: more hashes and calls; higher: an
# incremental backup holds more that did not change.
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SeenTarget:
    """One target that this driver made, or began to make, for a volume."""

    iqn: str
    fingerprint: str
    """Of the export it was made from; empty while it is not whole."""
    size_bytes: int
    """Size that initiators are told."""
    content_generation: int = 1
    """Of the content that it serves."""


@dataclass(frozen=True, slots=True)
class SeenVolume:
    """What is on the host of one volume."""

    size_bytes: int | None
    """None: there is no file."""
    used_bytes: int
    targets: tuple[SeenTarget, ...]
    content_generation: int = 1
    """Of the file's content."""

    @property
    def is_present(self) -> bool:
        """Whether anything of the volume is on the host."""
        return self.size_bytes is not None or bool(self.targets)


class FileKind(StrEnum):
    """What a file of this host is."""

    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    COPY = "copy"
    """A private copy of a volume on its way somewhere else."""


@dataclass(frozen=True, slots=True)
class FileName:
    """One file of volumes."""

    kind: FileKind
    id: str


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One whole file."""

    size_bytes: int
    used_bytes: int


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
    def contents(self) -> "ContentDriver":
        """The files behind the targets."""
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
        """Remove the volume's file with all its bytes, and what is left of a copy into it."""
        ...

    async def add_target(self, volume_id: str, export: Export) -> None:
        """Make a target of the volume's file; it answers only when its account guards it."""
        ...

    async def remove_target(self, volume_id: str, iqn: str) -> None:
        """End a target and its account; who is logged in is logged out.

        An initiator that finds the same target again soon goes on without an error.
        """
        ...

    async def holdings(self) -> list[Holding]:
        """Every file and target that is really there, whoever made it, for an audit."""
        ...

    async def close(self) -> None:
        """Give back what the driver holds in this process; the service runs on."""
        ...


class ContentDriver(Protocol):
    """What volumes hold. A file appears whole under its name, or not at all.

    Each method may be repeated and raises a `PilviError` when it cannot, or OSError from the disk.
    Cancelling ends it; what is left is removed by the next try or by `remove`.
    """

    @property
    def copies_at_once(self) -> bool:
        """Whether a copy holds one moment's bytes while a target writes to its source."""
        ...

    async def find(self, name: FileName) -> SeenFile | None:
        """A whole file, or None."""
        ...

    async def copy_file(
        self, source: FileName, target: FileName, size_bytes: int, generation: int = 1
    ) -> None:
        """Make a file of another's bytes, grown with zeros to a size; it replaces an older one.

        Raises `NotFound` without the source.
        """
        ...

    async def copy_image(
        self,
        image: ImageSource,
        pieces: AsyncIterator[bytes],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Make a file of an image's disk, grown with zeros to a size; it replaces an older one.

        The image is opened as the format that it is said to have. Raises `InvalidRequest` when
        the bytes are not the image's, or its disk is larger.
        """
        ...

    async def write_blocks(
        self,
        blocks: AsyncIterator[tuple[int, bytes]],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Make a file of blocks (offset, bytes) and zeros; it replaces an older one."""
        ...

    def read_blocks(self, source: FileName) -> AsyncIterator[tuple[int, bytes]]:
        """The blocks of a file that may hold more than zeros: offset and bytes, ascending."""
        ...

    async def export(self, source: FileName, image_id: str, disk_format: str) -> Path:
        """A file of `disk_format` with a file's bytes, to be sent; until `end_export`."""
        ...

    async def end_export(self, image_id: str) -> None:
        """Remove what `export` made."""
        ...

    async def prune_images(self) -> None:
        """Remove the images that were kept for the next volume and that none came for."""
        ...

    async def remove(self, name: FileName) -> None:
        """Remove a file with all its bytes, and what is left of a copy into it."""
        ...
