"""What volumes of a fake host hold: blocks in memory."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes.driver import BLOCK_BYTES, FileName, SeenFile
from pilvi.errors import InvalidRequest, NotFound, Unsupported
from pilvi.host_api.vms import ImageSource

_ZERO_BLOCK = bytes(BLOCK_BYTES)
# Bytes that one file keeps. Lower: tests of contents need care; higher: memory of a fake cloud.
KEPT_BYTES_MAX = 16 << 20
# Bytes of a raw file to be sent that holds zeros only. Lower: no real disk is that small; higher:
# a fake cloud hashes zeros.
EXPORTED_BYTES = 16 << 20


@dataclass(slots=True)
class FakeFile:
    """One file: its size, and its first blocks that are more than zeros."""

    size_bytes: int
    generation: int = 1
    blocks: dict[int, bytes] = field(default_factory=dict)

    def keep(self, offset: int, block: bytes) -> None:
        """Take note of a block, as long as there is room."""
        if block != _ZERO_BLOCK[: len(block)] and len(self.blocks) * BLOCK_BYTES < KEPT_BYTES_MAX:
            self.blocks[offset] = block


@dataclass(slots=True)
class FakeContents:
    """Keeps the contract of `ContentDriver`."""

    copies_at_once: bool = True
    files: dict[FileName, FakeFile] = field(default_factory=dict)
    directory: Path | None = None
    """Where files to be sent are written."""

    async def find(self, name: FileName) -> SeenFile | None:
        """Look a file up."""
        found = self.files.get(name)
        return None if found is None else SeenFile(found.size_bytes, 0)

    async def copy_file(
        self, source: FileName, target: FileName, size_bytes: int, generation: int = 1
    ) -> None:
        """Copy the blocks."""
        found = self._get(source)
        size = max(found.size_bytes, size_bytes)
        self.files[target] = FakeFile(size, generation, dict(found.blocks))

    async def copy_image(
        self,
        image: ImageSource,
        pieces: AsyncIterator[bytes],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Keep the blocks of a raw image; of another format only that it arrived."""
        if image.virtual_size_bytes > size_bytes:
            raise HostTerminal(InvalidRequest("cannot use the image: its disk is larger"))
        made = FakeFile(size_bytes, generation)
        buffer, offset, received = b"", 0, 0
        async for piece in pieces:
            received += len(piece)
            buffer += piece if image.disk_format == "raw" else b""
            while len(buffer) >= BLOCK_BYTES:
                made.keep(offset, buffer[:BLOCK_BYTES])
                buffer, offset = buffer[BLOCK_BYTES:], offset + BLOCK_BYTES
        if received != image.size_bytes:
            raise HostTerminal(InvalidRequest("cannot use the image: these are not its bytes"))
        if buffer:
            made.keep(offset, buffer)
        self.files[target] = made

    async def write_blocks(
        self,
        blocks: AsyncIterator[tuple[int, bytes]],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Keep the blocks."""
        made = FakeFile(size_bytes, generation)
        async for offset, block in blocks:
            made.keep(offset, block)
        self.files[target] = made

    async def read_blocks(self, source: FileName) -> AsyncIterator[tuple[int, bytes]]:
        """The blocks, in order."""
        for offset, block in sorted(self._get(source).blocks.items()):
            yield offset, block

    async def export(self, source: FileName, image_id: str, disk_format: str) -> Path:
        """A file with the blocks when it is to be raw; an empty disk in qcow2."""
        found = self._get(source)
        path = self._path(image_id)
        with path.open("wb") as file:
            if disk_format == "raw":
                pieces = sorted(found.blocks.items())
                file.truncate(min(found.size_bytes, EXPORTED_BYTES))
            elif disk_format == "qcow2":
                pieces = empty_qcow2(found.size_bytes)
            else:
                raise Unsupported("cannot copy a volume into another format than raw or qcow2")
            for offset, piece in pieces:
                file.seek(offset)
                file.write(piece)
        return path

    async def end_export(self, image_id: str) -> None:
        """Remove the file."""
        if self.directory is not None:
            self._path(image_id).unlink(missing_ok=True)

    async def prune_images(self) -> None:
        """No image is kept."""

    async def remove(self, name: FileName) -> None:
        """Forget a file."""
        self.files.pop(name, None)

    def _get(self, name: FileName) -> FakeFile:
        found = self.files.get(name)
        if found is None:
            message = "cannot copy the bytes: their source is not on this host"
            raise HostTerminal(NotFound(message))
        return found

    def _path(self, image_id: str) -> Path:
        if self.directory is None:
            self.directory = Path(tempfile.mkdtemp(prefix="pilvi-fake-volumes-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / f"{image_id}.sending"
