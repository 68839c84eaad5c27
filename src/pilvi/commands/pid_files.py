"""Which processes of a cloud run and which are meant to, as files in its run directory.

`NAME.pid` holds the pid and the process's start time, so that a number used again by another
process is never taken for ours. `NAME.wanted` holds the command while the process is meant to run:
it is written before the start and removed before the end. Standard library only: the keeper, which
runs as long as the cloud does, imports nothing else.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

# glibc keeps heaps for threads, up to eight for each processor, and gives little of them back: an
# API whose threads only copy bytes and hash passwords would hold tens of MiB more after a while.
# Guests are started by the agent and inherit nothing of this.
_ENVIRONMENTS = {"api": {"MALLOC_ARENA_MAX": "2"}}


def start_time(pid: int) -> str | None:
    """When a process began, in clock ticks since boot, or None when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def find(run_dir: Path, name: str) -> int | None:
    """Pid of the running process of that name, or None."""
    try:
        pid_text, started = (run_dir / f"{name}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid_text) if start_time(int(pid_text)) == started else None


def record(run_dir: Path, name: str, pid: int) -> None:
    """Note which process it is, for `find`."""
    _write(run_dir / f"{name}.pid", f"{pid} {start_time(pid)}")


def want(run_dir: Path, name: str, command: Sequence[str]) -> None:
    """Note that a process is meant to run, and how it is started."""
    _write(run_dir / f"{name}.wanted", "\n".join(command))


def unwant(run_dir: Path, name: str) -> None:
    """Note that a process is meant to end."""
    (run_dir / f"{name}.wanted").unlink(missing_ok=True)


def list_wanted(run_dir: Path) -> dict[str, list[str]]:
    """The commands of the processes that are meant to run, by name."""
    return {path.stem: path.read_text().split("\n") for path in run_dir.glob("*.wanted")}


def start(run_dir: Path, name: str, command: Sequence[str]) -> int:
    """Start a process of its own session in the background; its log is in the run directory."""
    environment = {**_ENVIRONMENTS.get(name, {}), **os.environ}
    with (run_dir / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
    record(run_dir, name, process.pid)
    return process.pid


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(path.suffix + f".{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)
