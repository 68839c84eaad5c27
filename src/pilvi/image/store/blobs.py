"""Files of images: whole ones by content, incoming ones by upload.

`blobs/SHA512` never changes once it is there. `incoming/UPLOAD_ID` is locked (flock) as long as
a process writes it: whoever gets the lock knows that the writer is gone. `trash/SHA512` waits to
be unlinked outside a transaction. Readers that have a file open keep it.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from pilvi.errors import NotFound, TooLarge, Unavailable
from pilvi.image.model.stored_file import StoredFile

Answer = TypeVar("Answer")

# Threads that copy and hash. Lower: parallel uploads wait for each other; higher: they crowd out
# the API on a small machine.
THREADS = 6
# Granularity of holes. Lower: more work for each byte; higher: fewer holes.
HOLE_BYTES = 64 * 1024
_ZEROS = bytes(HOLE_BYTES)
# Bytes after which written pages go to the disk and out of memory. Lower: small images must be
# read from the disk at once; higher: a long wait at the end, and (measured on a fresh virtual
# machine) 0.24 instead of 0.9 GB/s, because every page is one that the kernel never used before.
FLUSH_BYTES = 32 << 20
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class Deposit:
    """One incoming file, locked by this process until it is closed."""

    def __init__(self, path: Path, blobs: Path) -> None:
        self._path, self._blobs = path, blobs
        self._size = self._flushed = 0
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.fstat(self._descriptor)
            if not path.exists() or path.stat().st_ino != mine.st_ino:
                raise BlockingIOError
        except BaseException as error:
            os.close(self._descriptor)
            if isinstance(error, BlockingIOError):
                raise Unavailable("cannot begin the upload right now; try again") from None
            raise

    def write(self, piece: bytes) -> None:
        """Append bytes; blocks of zeros become holes. Raises `TooLarge` when the disk is full."""
        with _full_is_too_large():
            for start, stop in find_data(piece):
                self._write_all(memoryview(piece)[start:stop], self._size + start)
            self._size += len(piece)
            self._flush()

    def _flush(self) -> None:
        length = self._size - self._flushed
        if length >= FLUSH_BYTES:
            os.fdatasync(self._descriptor)
            os.posix_fadvise(self._descriptor, self._flushed, length, os.POSIX_FADV_DONTNEED)
            self._flushed = self._size

    def _write_all(self, view: memoryview, offset: int) -> None:
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written

    def keep(self, sha512: str) -> None:
        """Make the bytes a whole file of the store, durably. Repeatable.

        Raises `TooLarge` when the disk is full.
        """
        with _full_is_too_large():
            os.ftruncate(self._descriptor, self._size)
            os.fchmod(self._descriptor, 0o400)
            os.fsync(self._descriptor)
            with suppress(FileExistsError):
                (self._blobs / sha512).hardlink_to(self._path)
            # Also when the name was there: whoever made it may not have come this far.
            _sync_directory(self._blobs)

    def close(self) -> None:
        """Remove the incoming name and let go of the lock. Repeatable."""
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


class Blobs:
    """The files of one cloud's images, and the threads that work on them."""

    def __init__(self, directory: Path) -> None:
        self._incoming = directory / "incoming"
        self._blobs = directory / "blobs"
        self._trash = directory / "trash"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="image")

    async def run(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """Do blocking work in one of the store's own threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    def open_deposit(self, upload_id: str) -> Deposit:
        """A new incoming file. Raises `Unavailable` when a sweep holds it at this moment."""
        for folder in (self._incoming, self._blobs):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                _sync_directory(folder.parent)
                _sync_directory(folder.parent.parent)
        return Deposit(self._incoming / upload_id, self._blobs)

    def open_blob(self, sha512: str) -> IO[bytes]:
        """The bytes of a content, for reading. Raises `NotFound`."""
        try:
            return (self._blobs / sha512).open("rb", buffering=0)
        except FileNotFoundError:
            raise NotFound("cannot find the image's data: it was deleted") from None

    def list_blobs(self) -> set[str]:
        """Every content in the store."""
        return _names(self._blobs)

    def list_incoming(self) -> set[str]:
        """Every upload id that has a file."""
        return _names(self._incoming)

    def list_trash(self) -> set[str]:
        """Every content that was retired and not purged yet."""
        return _names(self._trash)

    def list_files(self) -> list[StoredFile]:
        """Every file that is really there, in each of the folders."""
        found = []
        for folder in (self._blobs, self._incoming, self._trash):
            for name in sorted(_names(folder)):
                try:
                    status = (folder / name).stat()
                except FileNotFoundError:
                    continue
                is_written = folder is self._incoming and bool(self.find_writer(name))
                size = status.st_blocks * 512
                found.append(
                    StoredFile(folder.name, name, size, status.st_ctime, is_written, status.st_size)
                )
        return found

    def retire(self, sha512: str) -> None:
        """Take a content out of the store, quickly. Repeatable."""
        self._trash.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            (self._blobs / sha512).replace(self._trash / sha512)
        except FileNotFoundError:
            return

    def purge(self, sha512: str) -> None:
        """Unlink a retired content; its blocks go when its last reader closes. Repeatable."""
        (self._trash / sha512).unlink(missing_ok=True)

    def find_writer(self, upload_id: str) -> bool | None:
        """Whether a process writes this upload; None when it has no file."""
        try:
            descriptor = os.open(self._incoming / upload_id, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def remove_incoming(self, upload_id: str) -> None:
        """Remove an upload's file that nobody writes. Repeatable."""
        (self._incoming / upload_id).unlink(missing_ok=True)


def find_data(piece: bytes) -> list[tuple[int, int]]:
    """The ranges of a piece that are not whole blocks of zeros, joined where they touch. Pure."""
    ranges: list[tuple[int, int]] = []
    for start in range(0, len(piece), HOLE_BYTES):
        stop = min(start + HOLE_BYTES, len(piece))
        zeros = _ZEROS if stop - start == HOLE_BYTES else _ZEROS[: stop - start]
        if piece.startswith(zeros, start):
            continue
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], stop)
        else:
            ranges.append((start, stop))
    return ranges


@contextmanager
def _full_is_too_large() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise TooLarge("cannot store the image: the image store is full") from None
        raise


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return set()


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
