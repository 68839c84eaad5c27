"""What volumes hold, as sparse files: copied by sharing blocks where the filesystem can.

A file is made under a hidden name and gets its own by rename. Its generation, where it is not the
first, is an extended attribute of the file, so that content and generation change at once.
"""

import asyncio
import os
import shutil
import stat
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pilvi.agent.desired import ID_SHAPE
from pilvi.agent.disks.bases import BaseCache
from pilvi.agent.disks.qemu_img import run_qemu_img
from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes.driver import BLOCK_BYTES, FileKind, FileName, SeenFile
from pilvi.agent.volumes.qcow2_writer import Qcow2Writer
from pilvi.agent.volumes.sparse import (
    can_share_blocks,
    copy_data,
    list_data,
    share_blocks,
)
from pilvi.core.turns import Turns
from pilvi.errors import InvalidRequest, NotFound, Unavailable, Unsupported
from pilvi.host_api.vms import ImageSource

_SUFFIXES = {FileKind.VOLUME: "raw", FileKind.SNAPSHOT: "snapshot", FileKind.COPY: "copy"}
_GENERATION = "user.pilvi.content"
# Lower: large images fail to convert; higher: a hostile one holds a process for longer.
CONVERT_S_MAX = 3600.0
# Seconds that an image is kept for the next volume. Lower: it is fetched again; higher: more disk.
IMAGE_IDLE_S = 3600.0
_ZERO_BLOCK = bytes(BLOCK_BYTES)


class FileContents:
    """The files of one host's volumes, in one folder of root's."""

    def __init__(
        self, directory: Path, owner: int, converters: range, prepare: Callable[[], None]
    ) -> None:
        self._directory = directory
        self._owner = owner
        self._prepare = prepare
        self._idle_converters = list(converters)
        self._fetching = Turns()
        self._shares: bool | None = None

    @property
    def copies_at_once(self) -> bool:
        """Whether the filesystem shares blocks; found out once."""
        if self._shares is None:
            self._prepare()
            self._shares = can_share_blocks(self._directory)
        return self._shares

    def path(self, name: FileName) -> Path:
        """Where a whole file is."""
        if not ID_SHAPE.fullmatch(name.id):
            raise InvalidRequest("cannot name a volume's file: its id has a strange shape")
        return self._directory / f"{name.id}.{_SUFFIXES[name.kind]}"

    def find_generation(self, name: FileName) -> int:
        """The generation of a file's content."""
        try:
            return int(os.getxattr(self.path(name), _GENERATION, follow_symlinks=False))
        except (OSError, ValueError):
            return 1

    async def find(self, name: FileName) -> SeenFile | None:
        """Look at a file."""
        try:
            found = self.path(name).lstat()
        except FileNotFoundError:
            return None
        return SeenFile(found.st_size, found.st_blocks * 512)

    async def copy_file(
        self, source: FileName, target: FileName, size_bytes: int, generation: int = 1
    ) -> None:
        """Share blocks, or copy what is no hole."""

        def work(descriptor: int, stop: threading.Event) -> None:
            with _opened(self.path(source)) as original:
                if not share_blocks(original, descriptor):
                    copy_data(original, descriptor, stop)

        await self._make(target, size_bytes, generation, work)

    async def copy_image(
        self,
        image: ImageSource,
        pieces: AsyncIterator[bytes],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Fetch the image, convert it where it is not raw, copy it."""
        if image.virtual_size_bytes > size_bytes:
            raise HostTerminal(InvalidRequest("cannot use the image: its disk is larger"))
        self._prepare()
        cache = BaseCache(self._directory / "images")
        async with self._fetching.taken(image.image_id):
            await cache.store(image, pieces)
            base = cache.path(image.image_id)
            # Its use makes it young again: what is idle is counted from here.
            os.utime(base)
        if image.disk_format == "raw":
            await self._copy_path(base, target, size_bytes, generation)
        else:
            with self._workplace(target.id) as (folder, uid):
                await self._convert(base, image.disk_format, folder, uid)
                await self._copy_path(folder / "out", target, size_bytes, generation)
        await asyncio.to_thread(cache.prune, IMAGE_IDLE_S)

    async def write_blocks(
        self,
        blocks: AsyncIterator[tuple[int, bytes]],
        target: FileName,
        size_bytes: int,
        generation: int = 1,
    ) -> None:
        """Write each block at its place."""
        self._prepare()
        temporary = self._temporary(target)
        descriptor = _new_file(temporary)
        try:
            async for offset, block in blocks:
                await asyncio.to_thread(_write_all, descriptor, block, offset)
            await asyncio.to_thread(self._finish, descriptor, target, size_bytes, generation)
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)

    async def read_blocks(self, source: FileName) -> AsyncIterator[tuple[int, bytes]]:
        """Read what is no hole, by whole blocks."""
        with _opened(self.path(source)) as descriptor:
            next_start = 0
            for start, end in list_data(descriptor):
                offset = max(start - start % BLOCK_BYTES, next_start)
                while offset < end:
                    block = await asyncio.to_thread(os.pread, descriptor, BLOCK_BYTES, offset)
                    if not block:
                        return
                    if block != _ZERO_BLOCK:
                        yield offset, block
                    offset += BLOCK_BYTES
                next_start = offset

    async def export(self, source: FileName, image_id: str, disk_format: str) -> Path:
        """The file itself when it is to be raw, else a qcow2 file of its bytes."""
        if disk_format == "raw":
            return self.path(source)
        if disk_format != "qcow2":
            raise Unsupported("cannot copy a volume into another format than raw or qcow2")
        seen = await self.find(source)
        if seen is None:
            raise NotFound("cannot find the file to be sent")
        path = self._export_path(image_id)
        descriptor = _new_file(path)
        try:
            writer = Qcow2Writer(descriptor, seen.size_bytes)
            async for offset, block in self.read_blocks(source):
                await asyncio.to_thread(writer.write, offset, block)
            await asyncio.to_thread(writer.finish)
        finally:
            os.close(descriptor)
        return path

    async def end_export(self, image_id: str) -> None:
        """Remove the qcow2 file."""
        self._export_path(image_id).unlink(missing_ok=True)

    async def prune_images(self) -> None:
        """Remove the images that no volume was made of for a while."""
        folder = self._directory / "images"
        if folder.exists() and not self._fetching.is_anybodys:
            # What a kill left of one that was on its way goes when the cache is opened.
            await asyncio.to_thread(lambda: BaseCache(folder).prune(IMAGE_IDLE_S))

    async def remove(self, name: FileName) -> None:
        """Remove the file, and what is left of the making of one."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)
        await asyncio.to_thread(self._temporary(name).unlink, missing_ok=True)
        shutil.rmtree(self._directory / "work" / name.id, ignore_errors=True)

    def _export_path(self, image_id: str) -> Path:
        return self.path(FileName(FileKind.COPY, image_id)).with_suffix(".qcow2")

    def _temporary(self, name: FileName) -> Path:
        path = self.path(name)
        return path.with_name(f".{path.name}.new")

    async def _copy_path(
        self, source: Path, target: FileName, size_bytes: int, generation: int
    ) -> None:
        def work(descriptor: int, stop: threading.Event) -> None:
            with _opened(source) as original:
                if os.fstat(original).st_size > size_bytes:
                    raise HostTerminal(InvalidRequest("cannot use the image: its disk is larger"))
                if not share_blocks(original, descriptor):
                    copy_data(original, descriptor, stop)

        await self._make(target, size_bytes, generation, work)

    async def _make(
        self,
        target: FileName,
        size_bytes: int,
        generation: int,
        work: Callable[[int, threading.Event], None],
    ) -> None:
        """Make a file in a thread, which ends when this is cancelled."""
        self._prepare()
        stop = threading.Event()

        def make() -> None:
            temporary = self._temporary(target)
            descriptor = _new_file(temporary)
            try:
                work(descriptor, stop)
                self._finish(descriptor, target, size_bytes, generation)
            finally:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)

        task = asyncio.ensure_future(asyncio.to_thread(make))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([task])
            raise

    def _finish(self, descriptor: int, target: FileName, size_bytes: int, generation: int) -> None:
        if os.fstat(descriptor).st_size < size_bytes:
            os.ftruncate(descriptor, size_bytes)
        if generation > 1:
            try:
                os.setxattr(descriptor, _GENERATION, str(generation).encode())
            except OSError as error:
                message = (
                    "cannot replace what the volume holds: the filesystem of this host's volumes "
                    "keeps no extended attributes"
                )
                raise HostTerminal(Unsupported(message, detail=str(error))) from error
        if os.geteuid() == 0:
            os.fchown(descriptor, self._owner, self._owner)
        os.fsync(descriptor)
        self._temporary(target).rename(self.path(target))
        _sync_directory(self._directory)

    @contextmanager
    def _workplace(self, name: str) -> Iterator[tuple[Path, int]]:
        """A folder and a uid that nothing else has, for a tool that opens strange bytes."""
        if not self._idle_converters:
            raise Unavailable("cannot convert one more image right now: too many are converted")
        uid = self._idle_converters.pop()
        folder = self._directory / "work" / name
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, mode=0o700)
            os.chown(folder, uid, uid)
            yield folder, uid
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._idle_converters.append(uid)

    async def _convert(self, base: Path, disk_format: str, folder: Path, uid: int) -> None:
        """Unpack an image; its format is the one that it was stored as, never probed."""
        (folder / "in").hardlink_to(base)
        arguments = ["convert", "-f", disk_format, "-O", "raw", "in", "out"]
        await run_qemu_img(arguments, folder=folder, uid=uid, timeout_s=CONVERT_S_MAX)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A plain file, for reading; never what a link leads to."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise HostTerminal(
            NotFound("cannot copy the bytes: their source is not on this host")
        ) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise HostTerminal(NotFound("cannot copy the bytes: their source is no file"))
        yield descriptor
    finally:
        os.close(descriptor)


def _new_file(path: Path) -> int:
    path.unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
