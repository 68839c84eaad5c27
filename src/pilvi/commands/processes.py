"""Starting and stopping the cloud's own processes.

A pid file holds the pid and the process's start time, so that a number used again by another
process is never taken for ours.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pilvi.errors import Unavailable
from pilvi.settings import Settings

# Seconds that a process may take to end by itself before it is killed. Lower: cut requests;
# higher: a hung process delays `pilvi down`.
STOP_S = 10.0


def start_time(pid: int) -> str | None:
    """When a process began, in clock ticks since boot, or None when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def find_process(settings: Settings, name: str) -> int | None:
    """Pid of a running process of this cloud (`api`, `agent`), or None."""
    try:
        pid_text, started = (settings.run_dir / f"{name}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid_text) if start_time(int(pid_text)) == started else None


def start_process(settings: Settings, name: str) -> int:
    """Start `pilvi NAME` in the background unless it runs; its log is in the run directory."""
    running = find_process(settings, name)
    if running is not None:
        return running
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pilvi.cli", name, "--state-dir", settings.state_dir]
    with (settings.run_dir / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    record_process(settings, name, process.pid)
    return process.pid


def record_process(settings: Settings, name: str, pid: int) -> None:
    """Note which process it is, for `find_process`."""
    path = settings.run_dir / f"{name}.pid"
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{pid} {start_time(pid)}")
    temporary.replace(path)


def stop_process(settings: Settings, name: str) -> bool:
    """End a process of this cloud, killing it when it takes too long; whether it ran."""
    pid = find_process(settings, name)
    if pid is not None:
        _end(pid)
    (settings.run_dir / f"{name}.pid").unlink(missing_ok=True)
    return pid is not None


def _end(pid: int) -> None:
    began = start_time(pid)
    for number, wait_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, STOP_S)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            _reap(pid)
            if start_time(pid) != began:
                return
            time.sleep(0.02)
    raise Unavailable(f"cannot end process {pid}: it survives SIGKILL")


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def read_log_end(settings: Settings, name: str, lines: int = 15) -> str:
    """The last lines that a process wrote, for an error message."""
    try:
        text = (settings.run_dir / f"{name}.log").read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
