"""Files of images: locks, holes, linking, retiring."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.errors import NotFound, TooLarge, Unavailable
from pilvi.image.store.blobs import FLUSH_BYTES, HOLE_BYTES, Blobs, find_data

SHA = "a" * 128


def test_bytes_are_kept_whole_and_read_only(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    deposit = blobs.open_deposit("upload-1")
    deposit.write(b"one")
    deposit.write(b"two" + bytes(HOLE_BYTES))
    assert blobs.list_incoming() == {"upload-1"} and blobs.list_blobs() == set()
    for _ in range(2):
        deposit.keep(SHA)
    assert blobs.list_blobs() == {SHA}
    for _ in range(2):
        deposit.close()
    assert blobs.list_incoming() == set()
    with blobs.open_blob(SHA) as blob:
        assert blob.read() == b"onetwo" + bytes(HOLE_BYTES)
    assert (tmp_path / "blobs" / SHA).stat().st_mode & 0o777 == 0o400


def test_a_closed_deposit_that_was_not_kept_is_gone(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    deposit = blobs.open_deposit("upload-1")
    deposit.write(b"bytes")
    deposit.close()
    assert blobs.list_incoming() == blobs.list_blobs() == set()
    with pytest.raises(NotFound):
        blobs.open_blob(SHA)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.open_deposit("upload-1").close()
    (tmp_path / "incoming" / "upload-2").symlink_to("/dev/full")
    deposit = blobs.open_deposit("upload-2")
    with pytest.raises(TooLarge, match="the image store is full"):
        deposit.write(b"x")
    deposit.close()
    assert blobs.list_incoming() == set()


def test_equal_content_is_one_file(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    for upload in ("upload-1", "upload-2"):
        deposit = blobs.open_deposit(upload)
        deposit.write(b"same")
        deposit.keep(SHA)
        deposit.close()
    assert (tmp_path / "blobs" / SHA).stat().st_nlink == 1


def test_the_lock_tells_who_writes(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    assert blobs.find_writer("upload-1") is None
    deposit = blobs.open_deposit("upload-1")
    assert blobs.find_writer("upload-1") is True
    with pytest.raises(Unavailable):
        blobs.open_deposit("upload-1")
    assert blobs.find_writer("upload-1") is True
    deposit.close()
    assert blobs.find_writer("upload-1") is None
    (tmp_path / "incoming" / "left").write_bytes(b"x")
    assert blobs.find_writer("left") is False
    for _ in range(2):
        blobs.remove_incoming("left")
    assert blobs.list_incoming() == set()


def test_a_retired_content_is_read_to_its_end_by_who_has_it_open(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    deposit = blobs.open_deposit("upload-1")
    deposit.write(b"bytes")
    deposit.keep(SHA)
    deposit.close()
    reader = blobs.open_blob(SHA)
    for _ in range(2):
        blobs.retire(SHA)
    assert blobs.list_blobs() == set() and blobs.list_trash() == {SHA}
    for _ in range(2):
        blobs.purge(SHA)
    assert blobs.list_trash() == set()
    assert reader.read() == b"bytes"
    reader.close()


def test_long_files_are_flushed_on_the_way(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    deposit = blobs.open_deposit("upload-1")
    piece, count = os.urandom(1 << 20), FLUSH_BYTES // (1 << 20) + 2
    for _ in range(count):
        deposit.write(piece)
    deposit.keep(SHA)
    deposit.close()
    with blobs.open_blob(SHA) as blob:
        for _ in range(count):
            assert blob.read(1 << 20) == piece
        assert blob.read(1) == b""


@given(
    blocks=st.lists(st.booleans(), max_size=8),
    tail=st.integers(0, HOLE_BYTES - 1),
    is_zero=st.booleans(),
)
def test_data_is_what_is_not_zeros(blocks: list[bool], tail: int, is_zero: bool) -> None:
    piece = b"".join((b"\1" if full else b"\0") * HOLE_BYTES for full in blocks)
    piece += (b"\0" if is_zero else b"\1") * tail
    ranges = find_data(piece)
    rebuilt = bytearray(len(piece))
    for start, stop in ranges:
        assert start < stop
        rebuilt[start:stop] = piece[start:stop]
    assert bytes(rebuilt) == piece
    for before, after in zip(ranges, ranges[1:], strict=False):
        assert before[1] < after[0]
    assert sum(stop - start for start, stop in ranges) == piece.count(1)
