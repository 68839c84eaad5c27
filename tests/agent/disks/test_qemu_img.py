import asyncio
import errno
import os
import subprocess
from pathlib import Path

import pytest

from pilvi.agent.disks.qemu_img import run_qemu_img
from pilvi.errors import Unavailable

pytestmark = pytest.mark.root

UID = 1_999_900_001


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A guest's folder below folders that only root may enter."""
    folder = tmp_path / "guest"
    folder.mkdir(mode=0o700)
    (folder / "disk").write_bytes(b"x" * 65536)
    os.chown(folder / "disk", UID, UID)
    os.chown(folder, UID, UID)
    return folder


async def test_it_works_as_the_guest_in_the_guests_folder(folder: Path) -> None:
    arguments = ["convert", "-f", "raw", "-O", "qcow2", "disk", "copy"]
    await run_qemu_img(arguments, folder=folder, uid=UID, timeout_s=20)
    assert (folder / "copy").stat().st_uid == UID
    assert (folder / "copy").read_bytes().startswith(b"QFI\xfb")


async def test_it_cannot_read_what_only_root_may(folder: Path) -> None:
    secret = folder / "secret"
    secret.write_bytes(b"s" * 512)
    secret.chmod(0o600)
    with pytest.raises(Unavailable) as caught:
        arguments = ["convert", "-f", "raw", "-O", "raw", "secret", "copy"]
        await run_qemu_img(arguments, folder=folder, uid=UID, timeout_s=20)
    assert "secret" not in caught.value.message
    assert "Permission denied" in caught.value.detail


async def test_a_full_disk_is_told_apart(folder: Path) -> None:
    small = folder / "small"
    small.mkdir()
    (folder / "disk").write_bytes(os.urandom(4 << 20))
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", str(small)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    try:
        with pytest.raises(OSError) as caught:
            arguments = ["convert", "-f", "raw", "-O", "raw", "disk", "small/copy"]
            await run_qemu_img(arguments, folder=folder, uid=UID, timeout_s=20)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(small)], check=True)
    assert caught.value.errno == errno.ENOSPC


async def test_it_ends_with_its_deadline(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    os.chown(folder / "fifo", UID, UID)
    with pytest.raises(TimeoutError):
        arguments = ["convert", "-f", "raw", "-O", "raw", "fifo", "copy"]
        await run_qemu_img(arguments, folder=folder, uid=UID, timeout_s=0.3)
