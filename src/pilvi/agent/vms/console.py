"""A guest's serial console, as QEMU logs it: bounded on disk, with offsets that only grow.

QEMU appends to one file for the life of the vm. What is older than the newest part is punched out
of the file, so its offsets stay while its bytes do not.
"""

import ctypes
import os
from dataclasses import dataclass

from pilvi.agent.vms.folder import CONSOLE_LOG, PROCESS_LOG, GuestFolder

# Kept of each log. Lower: less to show after a noisy boot; higher: more disk for each guest.
KEPT_BYTES = 1 << 20
_BLOCK = 4096
_PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


@dataclass(frozen=True, slots=True)
class ConsolePiece:
    """Bytes of a console; `start` is later than asked for when older ones were dropped."""

    start: int
    data: bytes
    size: int
    """Offset at which the next byte will be."""


def read_log(folder: GuestFolder, offset: int, limit: int) -> ConsolePiece:
    """At most `limit` bytes from `offset` on; nothing when there is no console yet."""
    try:
        with folder.open_file(CONSOLE_LOG, os.O_RDONLY) as descriptor:
            size = os.fstat(descriptor).st_size
            start = min(max(offset, size - KEPT_BYTES, 0), size)
            return ConsolePiece(start, os.pread(descriptor, limit, start), size)
    except FileNotFoundError:
        return ConsolePiece(0, b"", 0)


def bound_logs(folder: GuestFolder) -> None:
    """Punch out what is older than the newest part of each log. Repeatable."""
    for name in (CONSOLE_LOG, PROCESS_LOG):
        try:
            with folder.open_file(name, os.O_RDWR) as descriptor:
                _bound(descriptor)
        except FileNotFoundError:
            continue


def read_tail(folder: GuestFolder, limit: int = 2000) -> str:
    """The last words of the process itself: for our log, never for a user."""
    try:
        with folder.open_file(PROCESS_LOG, os.O_RDONLY) as descriptor:
            size = os.fstat(descriptor).st_size
            return os.pread(descriptor, limit, max(0, size - limit)).decode(errors="replace")
    except FileNotFoundError:
        return ""


def _bound(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if status.st_blocks * 512 <= 2 * KEPT_BYTES:
        return
    end = (status.st_size - KEPT_BYTES) // _BLOCK * _BLOCK
    if end > 0 and _libc.fallocate(descriptor, _PUNCH_HOLE_KEEP_SIZE, 0, end):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
