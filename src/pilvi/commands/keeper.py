"""The keeper: starts the cloud's processes again when they end without having been told to.

A service manager does this where there is one; on a bare machine it is this small process. It
imports the standard library only and takes about 5 MiB. It is needed by nothing: without it a
process that ended stays away until the next `pilvi up`.
"""

import os
import select
import sys
import time
from pathlib import Path

from pilvi.commands import pid_files

NAME = "keeper"
# Seconds between looks at what is wanted; an end is noticed at once. Lower: wakes for nothing;
# higher: a process that was started meanwhile is watched later.
LOOK_S = 1.0
# Pauses before a process is started again that ended soon after its start, and how soon that is.
# Lower: a broken process fills its log; higher: late after the reason is mended.
PAUSE_S_MIN = 0.1
PAUSE_S_MAX = 10.0
SOON_S = 5.0


class Keeper:
    """Watches the processes of one cloud."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._started: dict[str, float] = {}
        self._pauses: dict[str, float] = {}

    def look(self) -> float:
        """Start what is wanted and does not run. Returns the seconds until the next look."""
        wait_s = LOOK_S
        for name, command in pid_files.list_wanted(self._run_dir).items():
            if pid_files.find(self._run_dir, name) is None:
                wait_s = min(wait_s, self._start(name, command))
        return wait_s

    def wait(self, wait_s: float) -> None:
        """Return when a watched process ends, or after some seconds."""
        poll, opened = select.poll(), []
        try:
            for name in pid_files.list_wanted(self._run_dir):
                pid = pid_files.find(self._run_dir, name)
                if pid is not None and (descriptor := _open(pid)) is not None:
                    opened.append(descriptor)
                    poll.register(descriptor, select.POLLIN)
            poll.poll(wait_s * 1000)
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _start(self, name: str, command: list[str]) -> float:
        """Start a process unless it has to pause. Returns the seconds until it may be."""
        now = time.monotonic()
        began, pause_s = self._started.get(name), self._pauses.get(name, 0.0)
        if began is not None and (left := began + pause_s - now) > 0:
            return left
        is_soon = began is not None and now - began - pause_s < SOON_S
        self._pauses[name] = min(PAUSE_S_MAX, max(PAUSE_S_MIN, pause_s * 2)) if is_soon else 0.0
        self._started[name] = now
        pid = pid_files.start(self._run_dir, name, command)
        print(f"the {name} had ended: started it again as process {pid}", flush=True)
        return LOOK_S


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def command_of(run_dir: Path) -> list[str]:
    """How the keeper itself is started: without the packages that it does not need."""
    source = Path(__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(source)!r}); import pilvi.commands.keeper as k"
    return [sys.executable, "-I", "-S", "-c", f"{code}; k.main({str(run_dir)!r})"]


def main(run_dir: str) -> None:
    """Keep until told to stop."""
    keeper = Keeper(Path(run_dir))
    while Path(run_dir).exists():
        keeper.wait(keeper.look())
        _reap()


def _reap() -> None:
    """Take away what it started and what has ended.

    Not by ignoring SIGCHLD: what it starts would inherit that, and learn nothing of its children.
    """
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue
    except ChildProcessError:
        return
