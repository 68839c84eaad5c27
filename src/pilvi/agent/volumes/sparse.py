"""Copies of sparse files: of one moment where the filesystem shares blocks, else data by data."""

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

# ioctl_ficlone(2).
FICLONE = 0x40049409
_NOT_SHARED = frozenset({errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS})
# Bytes between looks whether anybody still wants the copy. Lower: more calls; higher: a copy that
# nobody wants goes on for longer.
STRETCH_BYTES = 64 << 20


class Stopped(Exception):
    """Nobody wants the copy any more."""


def share_blocks(source: int, target: int) -> bool:
    """Let a file have another's bytes of this moment without copying; whether that can be done."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as error:
        if error.errno in _NOT_SHARED:
            return False
        raise
    return True


def can_share_blocks(directory: Path) -> bool:
    """Whether files of a directory can share blocks."""
    names = [directory / f".shares-{number}.new" for number in range(2)]
    descriptors = [os.open(n, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600) for n in names]
    try:
        os.pwrite(descriptors[0], bytes(4096), 0)
        return share_blocks(*descriptors)
    finally:
        for descriptor, name in zip(descriptors, names, strict=True):
            os.close(descriptor)
            name.unlink(missing_ok=True)


def list_data(descriptor: int) -> Iterator[tuple[int, int]]:
    """The stretches (start, end) of a file that are no holes, ascending."""
    end = 0
    while True:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def copy_data(source: int, target: int, stop: Event) -> None:
    """Copy all that is no hole, inside the kernel. Raises `Stopped`."""
    for start, end in list_data(source):
        while start < end:
            if stop.is_set():
                raise Stopped
            length = min(end - start, STRETCH_BYTES)
            done = os.copy_file_range(source, target, length, start, start)
            if done == 0:
                break
            start += done
