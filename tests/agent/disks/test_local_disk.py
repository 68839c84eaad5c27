import os
from pathlib import Path

import pytest

from pilvi.agent.disks.local_disk import create_file, create_overlay, create_sparse, link_base

OWNER = os.getuid()


def test_a_sparse_disk_reads_as_zeros_and_takes_no_space(tmp_path: Path) -> None:
    disk = tmp_path / "vdb.1.raw"
    for _ in range(2):
        create_sparse(disk, 1 << 30, OWNER)
    assert disk.stat().st_size == 1 << 30
    assert disk.stat().st_blocks == 0
    assert disk.stat().st_mode & 0o777 == 0o600
    with disk.open("rb") as file:
        assert file.read(4096) == bytes(4096)


def test_an_overlay_is_made_beside_its_base(tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(b"image")
    link_base(tmp_path / "base", tmp_path / "vda.1.base")
    link_base(tmp_path / "base", tmp_path / "vda.1.base")
    overlay = tmp_path / "vda.1.qcow2"
    create_overlay(overlay, 1 << 20, OWNER, backing_file="vda.1.base", backing_format="raw")
    (tmp_path / "base").unlink()
    assert (tmp_path / "vda.1.base").read_bytes() == b"image"
    assert b"vda.1.base" in overlay.read_bytes()[:512]


def test_half_a_disk_is_never_there(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        create_sparse(tmp_path / "disk", -1, OWNER)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".file.new").symlink_to(victim)
    (tmp_path / "file").symlink_to(victim)
    create_file(tmp_path / "file", b"new", OWNER)
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not (tmp_path / "file").is_symlink()
