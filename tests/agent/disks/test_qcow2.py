import shutil
import subprocess
from pathlib import Path

import pytest

from pilvi.agent.disks.qcow2 import CLUSTER, LEVEL1_SPAN, empty_qcow2
from pilvi.errors import InvalidRequest

needs_qemu_img = pytest.mark.skipif(not shutil.which("qemu-img"), reason="needs qemu-img")


def write(path: Path, pieces: list[tuple[int, bytes]]) -> None:
    with path.open("wb") as file:
        for offset, piece in pieces:
            file.seek(offset)
            file.write(piece)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_qemu_img
@pytest.mark.parametrize("size", [512, 1 << 20, LEVEL1_SPAN, LEVEL1_SPAN + 512, 2 << 40, 8 << 40])
def test_qemu_finds_no_fault_before_and_after_it_writes(tmp_path: Path, size: int) -> None:
    disk = tmp_path / "disk"
    write(disk, empty_qcow2(size))
    assert "No errors" in run("qemu-img", "check", "-f", "qcow2", str(disk))
    run("qemu-io", "-f", "qcow2", "-c", f"write -P 7 {size - 512} 512", str(disk))
    run("qemu-io", "-f", "qcow2", "-c", f"read -P 7 {size - 512} 512", str(disk))
    assert "No errors" in run("qemu-img", "check", "-f", "qcow2", str(disk))
    assert f"({size} bytes)" in run("qemu-img", "info", "-f", "qcow2", str(disk))


@needs_qemu_img
def test_an_overlay_shows_its_base_and_then_zeros(tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(b"\x05" * CLUSTER)
    disk = tmp_path / "disk"
    write(disk, empty_qcow2(4 * CLUSTER, backing_file="base", backing_format="raw"))
    run("qemu-io", "-f", "qcow2", "-c", f"read -P 5 0 {CLUSTER}", str(disk))
    run("qemu-io", "-f", "qcow2", "-c", f"read -P 0 {CLUSTER} {3 * CLUSTER}", str(disk))
    run("qemu-io", "-f", "qcow2", "-c", "write -P 9 0 512", str(disk))
    assert (tmp_path / "base").read_bytes() == b"\x05" * CLUSTER
    info = run("qemu-img", "info", "-f", "qcow2", str(disk))
    assert "backing file: base" in info
    assert "backing file format: raw" in info


def test_the_work_does_not_grow_with_the_disk() -> None:
    small, large = (sum(len(piece) for _, piece in empty_qcow2(size)) for size in (512, 8 << 40))
    assert large - small < 100


@pytest.mark.parametrize("size", [0, -512, 513])
def test_a_size_that_is_no_disk_is_refused(size: int) -> None:
    with pytest.raises(InvalidRequest):
        empty_qcow2(size)
