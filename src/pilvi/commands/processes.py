"""Starting and stopping the cloud's own processes."""

import os
import signal
import sys
import time

from pilvi.commands import keeper, pid_files
from pilvi.commands.pid_files import start_time
from pilvi.errors import InvalidRequest, Unavailable
from pilvi.settings import Settings

# Seconds that a process may take to end by itself before it is killed. Lower: cut requests;
# higher: a hung process delays `pilvi down`.
STOP_S = 10.0


def require_real(settings: Settings, wish: str) -> None:
    """Raise `InvalidRequest` for a fake cloud, whose one process is all there is of it.

    One whose agents are processes with fake drivers is real enough.
    """
    if settings.fake and settings.fake_hosts_dir.exists():
        raise InvalidRequest(f"cannot {wish}: this is a fake cloud: 'pilvi up --fake' starts it")


def find_process(settings: Settings, name: str) -> int | None:
    """Pid of a running process of this cloud (`api`, `agent`), or None."""
    return pid_files.find(settings.run_dir, name)


def start_process(settings: Settings, name: str) -> int:
    """Start `pilvi NAME` in the background unless it runs; its log is in the run directory."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pilvi.cli", name, "--state-dir", settings.state_dir]
    pid_files.want(settings.run_dir, name, command)
    return find_process(settings, name) or pid_files.start(settings.run_dir, name, command)


def start_keeper(settings: Settings) -> None:
    """Have what was started started again whenever it ends by itself. Repeatable."""
    if find_process(settings, keeper.NAME) is None:
        pid_files.start(settings.run_dir, keeper.NAME, keeper.command_of(settings.run_dir))


def record_process(settings: Settings, name: str, pid: int) -> None:
    """Note which process it is, for `find_process`."""
    pid_files.record(settings.run_dir, name, pid)


def stop_process(settings: Settings, name: str) -> bool:
    """End a process of this cloud, killing it when it takes too long; whether it ran."""
    pid_files.unwant(settings.run_dir, name)
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
