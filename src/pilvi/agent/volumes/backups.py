"""Backups: blocks and their hashes, one folder each, in the backup directory.

`data` holds the blocks that this backup keeps, each at its own offset; `manifest`, which appears
last and by rename, says of every block what its bytes hash to and whether it is kept here. An
incremental backup keeps the blocks that differ from its parent's; a whole is read through the
chain of parents, and each block is checked against its hash.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pilvi.agent.desired import ID_SHAPE
from pilvi.agent.faults import HostTerminal
from pilvi.agent.files import file_holding, list_folder
from pilvi.agent.volumes.driver import BLOCK_BYTES
from pilvi.errors import InvalidRequest, NotFound, Unavailable
from pilvi.host_api.holdings import Holding, HoldingKind

HASH_BYTES = 32
_NO_HASH = bytes(HASH_BYTES)
"""Of a block of zeros, which is never kept."""
_ZERO_BLOCK = bytes(BLOCK_BYTES)


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    backup_id: str
    parent_id: str | None
    size_bytes: int
    block_bytes: int
    blocks: int
    """How many blocks are kept here."""


@dataclass(frozen=True, slots=True)
class SeenBackup:
    """One whole backup."""

    size_bytes: int
    used_bytes: int
    blocks: int
    """How many blocks it keeps itself."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    head: _Head
    hashes: bytes
    kept: bytes
    """For each block 1 where it is kept here, else 0."""

    def hash_of(self, number: int) -> bytes:
        start = number * HASH_BYTES
        return self.hashes[start : start + HASH_BYTES] or _NO_HASH


class BackupStore:
    """All backups of one directory; it is root's alone."""

    def __init__(self, directory: Path, *, is_shared: bool = False) -> None:
        """`is_shared`: others may keep things of their own there."""
        self._directory = directory
        self._is_shared = is_shared

    async def find(self, backup_id: str) -> SeenBackup | None:
        """A whole backup, or None."""
        folder = self._folder(backup_id)
        try:
            head = await asyncio.to_thread(_read_head, folder / "manifest")
            used = (folder / "data").stat().st_blocks * 512
        except FileNotFoundError:
            return None
        return SeenBackup(head.size_bytes, used, head.blocks)

    def is_present(self, backup_id: str) -> bool:
        """Whether anything of a backup is here."""
        return self._folder(backup_id).exists()

    async def holdings(self) -> list[Holding]:
        """Every folder and file that is really there, for an audit."""
        return await asyncio.to_thread(self._list)

    def _list(self) -> list[Holding]:
        found = []
        for path in list_folder(self._directory):
            if path.is_dir():
                held = file_holding(path, HoldingKind.BACKUP, path.name)
            else:
                held = file_holding(path)
            found.append(msgspec.structs.replace(held, is_shared=self._is_shared))
        return found

    async def write(
        self,
        backup_id: str,
        parents: Sequence[str],
        size_bytes: int,
        blocks: AsyncIterator[tuple[int, bytes]],
    ) -> None:
        """Keep what differs from the last of the parents. Repeatable: it begins anew."""
        folder = self._folder(backup_id)
        parent = None if not parents else await self._read(parents[-1])
        await self.remove(backup_id)
        folder.mkdir(parents=True, mode=0o700)
        count = -(-size_bytes // BLOCK_BYTES)
        hashes, kept = bytearray(HASH_BYTES * count), bytearray(count)
        descriptor = os.open(folder / "data", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            async for offset, block in blocks:
                number = offset // BLOCK_BYTES
                found = await asyncio.to_thread(_hash, block)
                hashes[number * HASH_BYTES : (number + 1) * HASH_BYTES] = found
                if found != _NO_HASH and (parent is None or parent.hash_of(number) != found):
                    kept[number] = 1
                    await asyncio.to_thread(_write_all, descriptor, block, offset)
            await asyncio.to_thread(os.fsync, descriptor)
        finally:
            os.close(descriptor)
        head = _Head(
            backup_id=backup_id,
            parent_id=parents[-1] if parents else None,
            size_bytes=size_bytes,
            block_bytes=BLOCK_BYTES,
            blocks=sum(kept),
        )
        await asyncio.to_thread(_write_manifest, folder, head, bytes(hashes), bytes(kept))

    async def size_of(self, backup_id: str) -> int:
        """Size of the disk that a backup holds. Raises as `read` does."""
        return (await self._read(backup_id)).head.size_bytes

    async def read(self, chain: Sequence[str]) -> AsyncIterator[tuple[int, bytes]]:
        """The blocks of the last backup of a chain that are more than zeros, ascending.

        Raises `HostTerminal` when one is missing or damaged.
        """
        manifests = [await self._read(id) for id in chain]
        files = [os.open(self._folder(id) / "data", os.O_RDONLY) for id in chain]
        try:
            newest = manifests[-1]
            for number in range(len(newest.hashes) // HASH_BYTES):
                wanted = newest.hash_of(number)
                if wanted == _NO_HASH:
                    continue
                offset = number * BLOCK_BYTES
                place = _find_keeper(manifests, number)
                block = b""
                if place is not None:
                    length = min(BLOCK_BYTES, newest.head.size_bytes - offset)
                    block = await asyncio.to_thread(os.pread, files[place], length, offset)
                if await asyncio.to_thread(_hash, block) != wanted:
                    message = "cannot restore the backup: what it keeps is damaged"
                    raise HostTerminal(Unavailable(message, detail=f"{chain[-1]} block {number}"))
                yield offset, block
        finally:
            for descriptor in files:
                os.close(descriptor)

    async def remove(self, backup_id: str) -> None:
        """Remove a backup: its manifest first, so that no half of one passes for whole."""
        folder = self._folder(backup_id)
        (folder / "manifest").unlink(missing_ok=True)
        if folder.exists():
            await asyncio.to_thread(shutil.rmtree, folder)

    async def _read(self, backup_id: str) -> _Manifest:
        path = self._folder(backup_id) / "manifest"
        try:
            return await asyncio.to_thread(_read_manifest, path)
        except (FileNotFoundError, msgspec.DecodeError):
            message = f"cannot find the backup {backup_id} in this host's backup directory"
            raise HostTerminal(NotFound(message)) from None

    def _folder(self, backup_id: str) -> Path:
        if not ID_SHAPE.fullmatch(backup_id):
            raise InvalidRequest("cannot name a backup: its id has a strange shape")
        return self._directory / backup_id


def _find_keeper(manifests: Sequence[_Manifest], number: int) -> int | None:
    """The newest of a chain that keeps a block: what is kept in older ones is out of date."""
    for place in range(len(manifests) - 1, -1, -1):
        if manifests[place].kept[number : number + 1] == b"\1":
            return place
    return None


def _hash(block: bytes) -> bytes:
    if block == _ZERO_BLOCK[: len(block)]:
        return _NO_HASH
    return hashlib.sha256(block).digest()


def _read_head(path: Path) -> _Head:
    with path.open("rb") as file:
        return msgspec.json.decode(file.readline(), type=_Head)


def _read_manifest(path: Path) -> _Manifest:
    with path.open("rb") as file:
        head = msgspec.json.decode(file.readline(), type=_Head)
        count = -(-head.size_bytes // BLOCK_BYTES)
        return _Manifest(head, file.read(count * HASH_BYTES), file.read(count))


def _write_manifest(folder: Path, head: _Head, hashes: bytes, kept: bytes) -> None:
    temporary = folder / ".manifest.new"
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(head) + b"\n")
        file.write(hashes)
        file.write(kept)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder / "manifest")


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
