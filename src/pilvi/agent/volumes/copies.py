"""What is made of volumes once and kept, or sent: snapshots, backups, uploads to images."""

from pathlib import Path
from typing import Protocol

import msgspec

from pilvi.agent.context import ImageTransfer
from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes.backups import BackupStore
from pilvi.agent.volumes.driver import ContentDriver, FileKind, FileName
from pilvi.agent.volumes.holds import VolumeHolds
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound, TooLarge, Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import (
    BackupSeen,
    BackupSpec,
    SnapshotSeen,
    SnapshotSpec,
    VolumeUploadSeen,
    VolumeUploadSpec,
)


class Copies(Protocol):
    """One kind of copies; each method may be repeated."""

    @property
    def kind(self) -> Kind:
        """The kind of its assignments."""
        ...

    async def find(self, id: str, spec: bytes) -> msgspec.Struct | None:
        """What is told of a whole copy; None while it is not whole."""
        ...

    async def make(self, id: str, spec: bytes) -> None:
        """Make a copy, as long as that takes. Raises `HostTerminal` when it never can be."""
        ...

    async def remove(self, id: str) -> None:
        """Remove everything of a copy."""
        ...


class SnapshotCopies:
    """Snapshots: files beside those of the volumes."""

    kind = Kind.SNAPSHOT

    def __init__(self, contents: ContentDriver, holds: VolumeHolds) -> None:
        self._contents = contents
        self._holds = holds

    async def find(self, id: str, spec: bytes) -> SnapshotSeen | None:
        """A snapshot's file is whole when it is there."""
        seen = await self._contents.find(FileName(FileKind.SNAPSHOT, id))
        return (
            None
            if seen is None
            else SnapshotSeen(size_bytes=seen.size_bytes, used_bytes=seen.used_bytes)
        )

    async def make(self, id: str, spec: bytes) -> None:
        """Copy the volume as it is at one moment."""
        wanted = msgspec.json.decode(spec, type=SnapshotSpec)
        if wanted.must_exist:
            raise HostTerminal(NotFound(f"cannot find the snapshot {id} on this host"))
        await self._holds.copy(wanted.volume_id, FileName(FileKind.SNAPSHOT, id))

    async def remove(self, id: str) -> None:
        """Remove the file."""
        await self._contents.remove(FileName(FileKind.SNAPSHOT, id))


class BackupCopies:
    """Backups: folders in the backup directory."""

    kind = Kind.BACKUP

    def __init__(self, contents: ContentDriver, holds: VolumeHolds, backups: BackupStore) -> None:
        self._contents = contents
        self._holds = holds
        self._backups = backups

    async def find(self, id: str, spec: bytes) -> BackupSeen | None:
        """A backup is whole when it has its manifest."""
        seen = await self._backups.find(msgspec.json.decode(spec, type=BackupSpec).backup_id)
        return (
            None
            if seen is None
            else BackupSeen(
                size_bytes=seen.size_bytes, used_bytes=seen.used_bytes, blocks=seen.blocks
            )
        )

    async def make(self, id: str, spec: bytes) -> None:
        """Write the blocks of the volume, or of its snapshot."""
        wanted = msgspec.json.decode(spec, type=BackupSpec)
        if wanted.must_exist:
            message = f"cannot find the backup {id} in this host's backup directory"
            raise HostTerminal(NotFound(message))
        if wanted.snapshot_id is not None:
            await self._write(wanted, FileName(FileKind.SNAPSHOT, wanted.snapshot_id))
            return
        async with self._holds.reading(wanted.volume_id, id) as name:
            await self._write(wanted, name)

    async def _write(self, wanted: BackupSpec, source: FileName) -> None:
        seen = await self._contents.find(source)
        if seen is None:
            raise HostTerminal(NotFound("cannot back up what is not on this host"))
        blocks = self._contents.read_blocks(source)
        await self._backups.write(wanted.backup_id, wanted.parents, seen.size_bytes, blocks)

    async def remove(self, id: str) -> None:
        """Remove the folder, and a private copy that a kill left."""
        await self._backups.remove(id)
        await self._contents.remove(FileName(FileKind.COPY, id))


class UploadCopies:
    """Uploads: sent to the image store; nothing is kept."""

    kind = Kind.UPLOAD

    def __init__(self, contents: ContentDriver, holds: VolumeHolds, images: ImageTransfer) -> None:
        self._contents = contents
        self._holds = holds
        self._images = images
        self._sent: set[str] = set()

    async def find(self, id: str, spec: bytes) -> VolumeUploadSeen | None:
        """Known in this run of the agent only: sending again does no harm."""
        return VolumeUploadSeen(state="sent") if id in self._sent else None

    async def make(self, id: str, spec: bytes) -> None:
        """Send the volume as it is at one moment."""
        wanted = msgspec.json.decode(spec, type=VolumeUploadSpec)
        async with self._holds.reading(wanted.volume_id, id) as name:
            try:
                path = await self._contents.export(name, id, wanted.disk_format)
                await self._send(id, path)
            finally:
                await self._contents.end_export(id)
        self._sent.add(id)

    async def _send(self, id: str, path: Path) -> None:
        try:
            await self._images.send(id, path)
        except Conflict as error:
            # An earlier try holds the image, which the store gives up when its writer is gone; a
            # store that has the bytes says so by taking them again.
            raise Unavailable(
                "cannot send the volume: an earlier try is not over", detail=error.message
            ) from error
        except (NotFound, InvalidRequest, TooLarge, Forbidden) as error:
            raise HostTerminal(error) from error

    async def remove(self, id: str) -> None:
        """Remove what a kill left."""
        self._sent.discard(id)
        await self._contents.end_export(id)
        await self._contents.remove(FileName(FileKind.COPY, id))
