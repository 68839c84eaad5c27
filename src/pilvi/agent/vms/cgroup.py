"""A control group for each guest, with the flavor's limits, where the host lets us make one.

Both versions are in the field; on a host with both, the one that has the controllers counts.
"""

import contextlib
import errno
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# What QEMU needs beside the guest's memory: its own code and heap, the translation cache, video
# memory. Lower: guests are killed under load; higher: less protection for the host.
OVERHEAD_MIB = 384
PERIOD_US = 100_000
TASKS_MAX = 1024
_V1 = ("memory", "cpu", "pids")


class Cgroups:
    """The groups of one cloud's guests."""

    def __init__(self, name_prefix: str, root: Path = ROOT) -> None:
        self._prefix = name_prefix
        self._root = root

    def confine(self, server_id: str, pid: int, vcpus: int, memory_mib: int) -> list[str]:
        """Put a process into its group. Repeatable. Answers the names of the limits in force."""
        limits = {
            "memory": (memory_mib + OVERHEAD_MIB + memory_mib // 32) << 20,
            "cpu": vcpus * PERIOD_US,
            "pids": TASKS_MAX,
        }
        if self._has_v2:
            return self._confine_v2(server_id, pid, limits)
        return [
            name for name in _V1 if self._try(self._confine_v1, name, server_id, pid, limits[name])
        ]

    def release(self, server_id: str) -> None:
        """Remove the groups of a vm whose processes ended. Repeatable."""
        for folder in self._folders(server_id):
            # A process that just ended may still be counted for a moment.
            for _ in range(20):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise
                    time.sleep(0.005)
                else:
                    break
            # The cloud's own group goes with its last guest.
            with contextlib.suppress(OSError):
                folder.parent.rmdir()

    def is_present(self, server_id: str) -> bool:
        """Whether any group of the vm is there."""
        return any(folder.exists() for folder in self._folders(server_id))

    def list_folders(self) -> list[Path]:
        """The folders that hold one group for each vm, whether or not they are there."""
        roots = [self._root] if self._has_v2 else [self._root / name for name in _V1]
        return [root / self._prefix for root in roots]

    @property
    def _has_v2(self) -> bool:
        try:
            controllers = (self._root / "cgroup.controllers").read_text().split()
        except OSError:
            return False
        return "memory" in controllers and "cpu" in controllers

    def _folders(self, server_id: str) -> list[Path]:
        return [folder / server_id for folder in self.list_folders()]

    def _confine_v1(self, name: str, server_id: str, pid: int, limit: int) -> None:
        controller = self._root / name
        if not (controller / "tasks").exists():
            raise FileNotFoundError(controller)
        folder = controller / self._prefix / server_id
        folder.mkdir(parents=True, exist_ok=True)
        if name == "cpu":
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        file = {
            "memory": "memory.limit_in_bytes",
            "cpu": "cpu.cfs_quota_us",
            "pids": "pids.max",
        }[name]
        (folder / file).write_text(str(limit))
        (folder / "cgroup.procs").write_text(str(pid))

    def _confine_v2(self, server_id: str, pid: int, limits: dict[str, int]) -> list[str]:
        parent = self._root / self._prefix
        folder = parent / server_id
        wanted = {
            "memory": ("memory.max", str(limits["memory"])),
            "cpu": ("cpu.max", f"{limits['cpu']} {PERIOD_US}"),
            "pids": ("pids.max", str(limits["pids"])),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return []
        for name in wanted:
            for above in (self._root, parent):
                self._try((above / "cgroup.subtree_control").write_text, f"+{name}")
        applied = [
            name for name, (file, value) in wanted.items() if self._write(folder / file, value)
        ]
        self._write(folder / "cgroup.procs", str(pid))
        return applied

    def _write(self, path: Path, value: str) -> bool:
        # Never makes a file: what is not there is a controller that is not enabled.
        return path.exists() and self._try(path.write_text, value)

    @staticmethod
    def _try(write: object, *arguments: object) -> bool:
        assert callable(write)
        try:
            write(*arguments)
        except OSError:
            return False
        return True
