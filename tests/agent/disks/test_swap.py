"""Swap spaces are what the system's own tools take for swap."""

import os
import subprocess
from pathlib import Path

import pytest

from pilvi.agent.disks.local_disk import create_sparse
from pilvi.agent.disks.swap import PAGE_BYTES, swap_head

MIB = 1 << 20


def test_the_head_is_one_page_and_always_the_same() -> None:
    head = swap_head(MIB, "server")
    assert len(head) == PAGE_BYTES
    assert head.endswith(b"SWAPSPACE2")
    assert head == swap_head(MIB, "server")
    assert head != swap_head(MIB, "other")
    assert int.from_bytes(head[1028:1032], "little") == MIB // PAGE_BYTES - 1


def test_it_is_swap_to_other_tools(tmp_path: Path) -> None:
    disk = tmp_path / "swap.1.raw"
    for _ in range(2):
        create_sparse(disk, MIB, os.getuid(), swap_head(MIB, "server"))
    assert disk.stat().st_size == MIB
    command = ["/sbin/blkid", "-p", "-o", "export", disk]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "TYPE=swap" in told
    assert "LABEL=swap" in told


def test_a_space_of_no_pages_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        swap_head(PAGE_BYTES, "server")
