"""Network namespaces that have a name, as iproute2 keeps them.

A thread steps into a namespace and back; what it forks there, and the sockets it opens there,
belong to that namespace for good. No process is started for any of this.
"""

import ctypes
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pilvi.errors import Unavailable

RUN_DIR = Path("/run/netns")

KILL_TIMEOUT_MS = 2000
"""Lower: a killed process may still hold its sockets; higher: a stuck one holds the driver."""

_CLONE_NEWNET = 0x40000000
_MS_BIND = 4096
_MS_REC = 16384
_MS_SHARED = 1 << 20
_MNT_DETACH = 2
_OWN = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class NamespaceProcess:
    """A living process and the command it was started with."""

    pid: int
    arguments: tuple[str, ...]


def exists(name: str) -> bool:
    """Whether there is a namespace of this name, and not only the file for one."""
    return identity(name) is not None


def identity(name: str) -> int | None:
    """What tells this namespace from any later one of the same name; None when there is none."""
    try:
        seen = (RUN_DIR / name).stat()
    except OSError:
        return None
    return None if seen.st_dev == RUN_DIR.stat().st_dev else seen.st_ino


def list_names() -> list[str]:
    """Names of all namespaces, whoever made them."""
    if not RUN_DIR.is_dir():
        return []
    return sorted(path.name for path in RUN_DIR.iterdir())


def create(name: str, *, ipv6: bool = False) -> None:
    """Make a namespace, with IPv6 or without. Repeatable."""
    if not exists(name):
        _make_run_dir()
        path = RUN_DIR / name
        # The file alone is what is left of a creation that was cut short.
        path.touch(mode=0o400)
        with _back_afterwards():
            _check(_libc.unshare(_CLONE_NEWNET), "unshare")
            _mount(_OWN, path, _MS_BIND)
    with inside(name):
        switch_ipv6(on=ipv6)


def remove(name: str) -> None:
    """End what runs in a namespace and remove it. Repeatable."""
    if exists(name):
        for process in list_processes(name):
            kill(process.pid, name)
        _libc.umount2(str(RUN_DIR / name).encode(), _MNT_DETACH)
    with suppress(FileNotFoundError):
        (RUN_DIR / name).unlink()


def forget_run_dir() -> None:
    """Undo the mount under the names when there are none left. Repeatable."""
    if RUN_DIR.is_dir() and not list_names():
        _libc.umount2(str(RUN_DIR).encode(), 0)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Let the calling thread work in a namespace. Raises `Unavailable` when there is none."""
    try:
        target = os.open(RUN_DIR / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unavailable(f"cannot enter the network namespace {name}: it is not there") from None
    try:
        with _back_afterwards():
            _check(_libc.setns(target, _CLONE_NEWNET), f"enter {name}")
            yield
    finally:
        os.close(target)


def list_processes(name: str) -> list[NamespaceProcess]:
    """The living processes whose main thread is in this namespace."""
    wanted = identity(name)
    if wanted is None:
        return []
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if Path(f"/proc/{entry.name}/ns/net").stat().st_ino != wanted:
                continue
            command = Path(f"/proc/{entry.name}/cmdline").read_bytes()
        except OSError:
            continue
        arguments = tuple(os.fsdecode(part) for part in command.split(b"\0")[:-1])
        found.append(NamespaceProcess(int(entry.name), arguments))
    return found


def open_process(pid: int, name: str) -> int | None:
    """A pidfd of a process that is in this namespace, or None when it ended or is another's.

    The namespace is checked after the process is held, so that a number given to somebody else
    meanwhile is never taken for it.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        if Path(f"/proc/{pid}/ns/net").stat().st_ino == identity(name):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def kill(pid: int, name: str) -> None:
    """End a process of this namespace at once. Repeatable."""
    descriptor = open_process(pid, name)
    if descriptor is None:
        return
    try:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        ended.poll(KILL_TIMEOUT_MS)
        with suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)
    finally:
        os.close(descriptor)


def switch_ipv6(*, on: bool) -> None:
    """Switch IPv6 in the namespace of the calling thread; addresses come from us alone.

    They are used at once: that nobody else has one is known from the database.
    """
    for group in ("all", "default"):
        for key in ("accept_ra", "accept_redirects", "accept_dad", "autoconf"):
            set_sysctl(f"net/ipv6/conf/{group}/{key}", "0", optional=not on)
        set_sysctl(f"net/ipv6/conf/{group}/disable_ipv6", "0" if on else "1", optional=not on)


def set_sysctl(key: str, value: str, *, optional: bool = False) -> None:
    """Write a setting of the namespace that the calling thread is in; keys with slashes."""
    path = Path("/proc/sys") / key
    try:
        if path.read_text().strip() != value:
            path.write_text(value)
    except FileNotFoundError:
        if not optional:
            raise Unavailable(f"cannot set {key}: this kernel does not have it") from None


@contextmanager
def _back_afterwards() -> Iterator[None]:
    before = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        failed = _libc.setns(before, _CLONE_NEWNET)
        os.close(before)
        # A thread that cannot go back would do its next work in the wrong namespace.
        assert failed == 0, "cannot return to the former network namespace"


def _make_run_dir() -> None:
    RUN_DIR.mkdir(mode=0o755, exist_ok=True)
    root = str(RUN_DIR).encode()
    if _libc.mount(b"", root, b"none", _MS_SHARED | _MS_REC, None) == 0:
        return
    # It has to be a mount of its own before it can be shared with other mount namespaces.
    _mount(str(RUN_DIR), RUN_DIR, _MS_BIND | _MS_REC)
    _check(_libc.mount(b"", root, b"none", _MS_SHARED | _MS_REC, None), f"share {RUN_DIR}")


def _mount(source: str, target: Path, flags: int) -> None:
    result = _libc.mount(source.encode(), str(target).encode(), b"none", flags, None)
    _check(result, f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot {what}: {os.strerror(code)}")
