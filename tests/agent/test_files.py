"""Files as an audit lists them."""

from pathlib import Path

import pytest

from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.agent.files import file_holding, seen_bytes

GIB = 1 << 30


def _qcow2(size_bytes: int) -> bytes:
    disk = bytearray()
    for offset, piece in empty_qcow2(size_bytes):
        disk += bytes(offset - len(disk)) + piece
    return bytes(disk)


def test_a_sparse_file_takes_little_and_is_seen_whole(tmp_path: Path) -> None:
    path = tmp_path / "v.raw"
    with path.open("wb") as file:
        file.truncate(GIB)
    found = file_holding(path, size_bytes=seen_bytes(path))
    assert found.bytes < 1 << 20 and found.size_bytes == GIB


def test_a_qcow2_file_is_as_large_as_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "vda.1.qcow2"
    path.write_bytes(_qcow2(3 * GIB))
    assert seen_bytes(path) == 3 * GIB


@pytest.mark.parametrize("bytes", [b"", b"QFI\xfb", b"x" * 100])
def test_what_is_no_qcow2_has_no_known_size(tmp_path: Path, bytes: bytes) -> None:
    path = tmp_path / "vda.1.qcow2"
    path.write_bytes(bytes)
    assert seen_bytes(path) is None
    assert seen_bytes(tmp_path / "gone.raw") is None


def test_a_raw_disk_is_never_taken_for_another_format(tmp_path: Path) -> None:
    path = tmp_path / "v.raw"
    path.write_bytes(_qcow2(3 * GIB))
    assert seen_bytes(path) == path.stat().st_size
