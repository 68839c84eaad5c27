"""Processes of guests: started in a session of their own, found by uid, ended by descriptor.

A pid is used only through a pidfd whose owner was checked, so that a pid that was given to
another process is never signalled.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import resource
import select
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pilvi.agent.faults import HostTerminal
from pilvi.errors import NoCapacity, Unavailable

# Nothing of the agent's own environment reaches a process that runs what tenants wrote.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
}


@dataclass(slots=True)
class GuestProcess:
    """One living process of one guest, or one that was."""

    pid: int
    pidfd: int
    exit_status: int | None = field(default=None)
    """Of a child that ended; -1 of a process that another agent started."""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; a child that ended is collected."""
        if self.exit_status is not None:
            return False
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if not poll.poll(0):
            return True
        self.exit_status = -1
        with contextlib.suppress(ChildProcessError):
            result = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOHANG)
            if result is not None:
                self.exit_status = result.si_status
        return False

    def kill(self) -> None:
        """End it at once. Repeatable."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    async def wait(self, timeout_s: float) -> bool:
        """Whether it ended within some seconds."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        # The agent may watch the same pidfd; a loop has one reader for each descriptor.
        own = os.dup(self.pidfd)
        loop.add_reader(own, ended.set)
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(own)
            os.close(own)
        return not self.is_alive

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.pidfd)


@contextlib.contextmanager
def start_lock(path: Path) -> Iterator[int]:
    """A lock to be inherited by the process that is started: held for as long as it lives.

    Raises `Unavailable` when an earlier process still has it. QEMU's own -pidfile would serve, but
    it wants to reach its folder from the root.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        raise Unavailable("cannot start the guest: an earlier process still runs") from None
    finally:
        os.close(descriptor)


def spawn(command: list[str], folder: Path, log: int, inherited: list[int]) -> GuestProcess:
    """Start a process that outlives this one, working in `folder`, its words going to `log`."""
    child = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        pass_fds=inherited,
        env=ENVIRONMENT,
    )
    process = GuestProcess(child.pid, os.pidfd_open(child.pid))
    # It is collected through its pidfd: the other object must never wait for this pid.
    child.returncode = 0
    with contextlib.suppress(ProcessLookupError, PermissionError):
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
    return process


def launch_error(words: str, error: Exception) -> Exception:
    """What the end of a process that just started means, by its last words. Pure."""
    if "No space left on device" in words:
        return OSError(errno.ENOSPC, "No space left on device")
    if "Cannot allocate memory" in words or "cannot set up guest memory" in words:
        message = "cannot start the guest: the host has not enough memory"
        return HostTerminal(NoCapacity(message, detail=words))
    if isinstance(error, OSError):
        return error
    return Unavailable("cannot start the guest: its process ended at once", detail=words)


def find_processes(uid: int) -> list[GuestProcess]:
    """Every living process of a uid; the caller closes them."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and (process := _open(int(path.name), uid)):
            found.append(process)
    return found


def _open(pid: int, uid: int) -> GuestProcess | None:
    if _uid(pid) != uid:
        return None
    try:
        process = GuestProcess(pid, os.pidfd_open(pid))
    except (ProcessLookupError, OSError):
        return None
    # The pid may have passed to another process before it was opened.
    if _uid(pid) == uid and process.is_alive:
        return process
    process.close()
    return None


def _uid(pid: int) -> int | None:
    try:
        with Path(f"/proc/{pid}/status").open("rb") as file:
            for line in file:
                if line.startswith(b"Uid:"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None
