"""A vm's local disks: copy-on-write overlays on an image, and sparse files of zeros.

A disk appears under its name by rename, so a name that is there is a whole disk.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pilvi.agent.disks.qcow2 import empty_qcow2


def create_overlay(
    path: Path, size_bytes: int, owner: int, *, backing_file: str = "", backing_format: str = ""
) -> None:
    """Make an empty qcow2 file, on a base where one is named (relative to `path`). Repeatable."""
    pieces = empty_qcow2(size_bytes, backing_file=backing_file, backing_format=backing_format)
    with _new_file(path, owner) as descriptor:
        for offset, piece in pieces:
            os.pwrite(descriptor, piece, offset)


def create_sparse(path: Path, size_bytes: int, owner: int, head: bytes = b"") -> None:
    """Make a raw disk that reads as zeros after its first bytes. Repeatable."""
    with _new_file(path, owner) as descriptor:
        os.truncate(descriptor, size_bytes)
        if head:
            os.pwrite(descriptor, head, 0)


def create_file(path: Path, data: bytes, owner: int) -> None:
    """Make a file of these bytes. Repeatable."""
    with _new_file(path, owner) as descriptor:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])


def link_base(base: Path, path: Path) -> None:
    """Hold a base under a name of the vm's own, so that it cannot go away. Repeatable."""
    path.unlink(missing_ok=True)
    path.hardlink_to(base)


@contextlib.contextmanager
def _new_file(path: Path, owner: int) -> Iterator[int]:
    """A file that gets its name when the block ends well, and is gone when it does not."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
        os.fchown(descriptor, owner, owner)
        os.fsync(descriptor)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
