"""A cloud on a small disk of its own, beside the other one: what happens when it is full."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from e2e.real_cloud import RealCloud, choose_settings, real_cloud, until

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(300)]

DISK = "3g"
LEFT_BYTES = 12 << 20


@pytest.fixture
def small() -> Iterator[RealCloud]:
    """A cloud whose state directory is on a filesystem of 3 GiB."""
    mount = Path(tempfile.mkdtemp(prefix="pvs-", dir="/tmp"))
    mount.chmod(0o755)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(mount)]
    subprocess.run(command, check=True)
    try:
        changes = {"state_dir": str(mount / "s")}
        with real_cloud(msgspec.structs.replace(choose_settings(), **changes)) as cloud:
            yield cloud
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)
        mount.rmdir()


def _usages(cloud: RealCloud) -> dict[str, Any]:
    host = next(iter(cloud.admin.placement.resource_providers()))
    reply = cloud.admin.placement.get(f"/resource_providers/{host.id}/usages")
    return dict(reply.json()["usages"])


def _fill(path: Path) -> None:
    state = os.statvfs(path.parent)
    free = state.f_bavail * state.f_frsize
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - LEFT_BYTES)


def test_a_full_disk_is_an_error_with_a_reason_and_gives_everything_back(small: RealCloud) -> None:
    before = _usages(small)
    filler = small.settings.state / "filler"
    _fill(filler)
    server = small.launch("unlucky", wait=False)
    failed = until(lambda: _find_failed(small, server.id), 60)
    assert "space" in failed.fault["message"]
    until(lambda: _usages(small) == before, 30)
    until(lambda: not small.vm_dir(server.id).exists(), 30)
    small.delete(server.id)
    filler.unlink()
    lucky = small.launch("lucky")
    assert small.guest_pid(lucky.id) is not None
    small.delete(lucky.id)
    assert _usages(small) == before


def _find_failed(cloud: RealCloud, server_id: str) -> Any:
    server = cloud.demo.compute.get_server(server_id)
    return server if server.status == "ERROR" else None
