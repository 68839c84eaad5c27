"""Files as an audit lists them."""

import os
from pathlib import Path

from pilvi.host_api.holdings import Holding, HoldingKind

# Files of one folder that are listed one by one. Lower: a rubbish heap is told of in part; higher:
# a host could send more than the control plane takes.
FILES_MAX = 10_000
QCOW2 = b"QFI\xfb"
"""How a qcow2 file begins; its virtual size is a number of 8 bytes at the 24th."""


def file_holding(
    path: Path,
    kind: HoldingKind = HoldingKind.FILE,
    owner: str | None = None,
    part: str = "",
    size_bytes: int | None = None,
) -> Holding:
    """One file, or a folder with everything in it. A file that is gone by now has no bytes."""
    try:
        since: float | None = path.lstat().st_ctime
    except OSError:
        since = None
    size = _used_bytes(path)
    return Holding(
        kind=kind,
        owner=owner,
        part=part,
        name=str(path),
        bytes=size,
        size_bytes=size_bytes,
        since=since,
    )


def seen_bytes(path: Path) -> int | None:
    """How large a disk in a file is for whoever uses it; None when that cannot be read.

    The name says of which format it is: what a guest writes into a raw file means nothing.
    """
    try:
        if path.suffix != ".qcow2":
            return path.lstat().st_size
        with path.open("rb") as file:
            head = file.read(32)
    except OSError:
        return None
    return int.from_bytes(head[24:], "big") if len(head) == 32 and head[:4] == QCOW2 else None


def list_folder(path: Path) -> list[Path]:
    """What is in a folder, in order; nothing when there is none."""
    try:
        return sorted(path.iterdir())[:FILES_MAX]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _used_bytes(path: Path) -> int:
    try:
        if not path.is_dir() or path.is_symlink():
            return path.lstat().st_blocks * 512
        total = 0
        for folder, _, names in os.walk(path):
            for name in names:
                total += Path(folder, name).lstat().st_blocks * 512
        return total
    except OSError:
        return 0
