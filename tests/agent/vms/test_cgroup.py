import os
import subprocess
import uuid
from pathlib import Path

import pytest

from pilvi.agent.vms.cgroup import OVERHEAD_MIB, ROOT, Cgroups


def test_a_host_without_control_groups_limits_nothing(tmp_path: Path) -> None:
    groups = Cgroups("test", tmp_path)
    assert groups.confine("vm", os.getpid(), 1, 64) == []
    groups.release("vm")
    assert not groups.is_present("vm")
    assert list(tmp_path.iterdir()) == []


def test_version_two_is_used_where_it_has_the_controllers(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    folder = tmp_path / "test" / "vm"
    folder.mkdir(parents=True)
    for name in ("memory.max", "cpu.max", "pids.max", "cgroup.procs"):
        (folder / name).write_text("")
    assert Cgroups("test", tmp_path).confine("vm", 42, 2, 64) == ["memory", "cpu", "pids"]
    assert (folder / "memory.max").read_text() == str((64 + OVERHEAD_MIB + 2) << 20)
    assert (folder / "cpu.max").read_text() == "200000 100000"
    assert (folder / "cgroup.procs").read_text() == "42"


def test_a_controller_that_is_not_enabled_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    folder = tmp_path / "test" / "vm"
    folder.mkdir(parents=True)
    for name in ("memory.max", "cgroup.procs"):
        (folder / name).write_text("")
    assert Cgroups("test", tmp_path).confine("vm", 42, 2, 64) == ["memory"]


@pytest.mark.root
def test_the_kernel_takes_the_limits_and_gives_the_group_back() -> None:
    groups = Cgroups(f"t{uuid.uuid4().hex[:5]}")
    child = subprocess.Popen(["sleep", "60"])
    try:
        limits = groups.confine("vm", child.pid, 1, 64)
        if not limits:
            pytest.skip(f"nothing below {ROOT} can be limited here")
        assert groups.is_present("vm")
        assert "/vm\n" in Path(f"/proc/{child.pid}/cgroup").read_text()
    finally:
        child.kill()
        child.wait()
        groups.release("vm")
    assert not groups.is_present("vm")
    groups.release("vm")
