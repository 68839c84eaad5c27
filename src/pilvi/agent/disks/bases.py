"""The host's cache of images: the bases of its guests' disks.

A base appears under its image's id by rename, whole and checked against its sha512; blocks of
zeros become holes. The folder is root's alone; a vm that uses a base holds a hard link to it in
its own folder, so that pruning takes nothing from a guest.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from pilvi.agent.faults import HostTerminal
from pilvi.errors import InvalidRequest
from pilvi.host_api.vms import ImageSource

# Lower: more work for each byte; higher: fewer holes.
HOLE = 64 * 1024
_ZEROS = bytes(HOLE)
_NEW = ".new-"


class BaseCache:
    """Whole images, by image id."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for leftover in directory.glob(f"{_NEW}*"):
            leftover.unlink()

    def path(self, image_id: str) -> Path:
        """Where the base of an image is, once it is there."""
        return self._directory / image_id

    def list_ids(self) -> frozenset[str]:
        """Ids of the images that are here, whole."""
        return frozenset(p.name for p in self._directory.iterdir() if p.name[0] != ".")

    async def store(self, image: ImageSource, pieces: AsyncIterator[bytes]) -> None:
        """Keep an image's bytes. Repeatable; one call at a time for one image.

        Raises `HostTerminal` when they are not the bytes of the image, and OSError.
        """
        if self.path(image.image_id).exists():
            return
        temporary = self._directory / f"{_NEW}{image.image_id}"
        writer = _Writer(temporary, image.size_bytes)
        try:
            async for piece in pieces:
                await asyncio.to_thread(writer.write, piece)
            if writer.size != image.size_bytes or writer.sha512 != image.sha512:
                raise wrong_bytes()
            await asyncio.to_thread(writer.finish)
            temporary.rename(self.path(image.image_id))
        finally:
            writer.close()
            temporary.unlink(missing_ok=True)

    def prune(self, idle_s: float) -> list[str]:
        """Remove every base that no vm has used for some seconds; answers what went.

        A vm's use is a hard link: the inode's change time is when the last one came or went.
        """
        gone = []
        for image_id in sorted(self.list_ids()):
            path = self.path(image_id)
            found = path.stat()
            if found.st_nlink == 1 and time.time() - found.st_ctime >= idle_s:
                path.unlink()
                gone.append(image_id)
        return gone


class _Writer:
    """Writes a sparse file and hashes it on the way."""

    def __init__(self, path: Path, size_max: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        # Guests of every uid read it through their link; nobody writes it.
        self._descriptor = os.open(path, flags, 0o444)
        self._hash = hashlib.sha512()
        self._size_max = size_max
        self.size = 0

    @property
    def sha512(self) -> str:
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        if self.size + len(piece) > self._size_max:
            raise wrong_bytes()
        self._hash.update(piece)
        for start in range(0, len(piece), HOLE):
            block = piece[start : start + HOLE]
            if block != _ZEROS[: len(block)]:
                self._write_block(block, self.size + start)
        self.size += len(piece)

    def _write_block(self, block: bytes, offset: int) -> None:
        while block:
            written = os.pwrite(self._descriptor, block, offset)
            block, offset = block[written:], offset + written

    def finish(self) -> None:
        os.truncate(self._descriptor, self.size)
        os.fchmod(self._descriptor, 0o444)
        os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def wrong_bytes() -> HostTerminal:
    """What arrived is not the image. Pure."""
    message = "cannot use the image: its bytes do not have the checksum it was stored with"
    return HostTerminal(InvalidRequest(message))
