"""The tgtd of one cloud: found, started and ended.

It runs unprivileged, in a session of its own, and outlives the agent. Which process it is, the
kernel says: the one that holds the lock beside its control socket. A pid file could be stale or
missing, the lock cannot. tgtd ignores SIGTERM.
"""

import asyncio
import contextlib
import fcntl
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import structlog

from pilvi.agent.volumes.tgt_protocol import TgtClient
from pilvi.agent.volumes.tgt_record import TgtRecord
from pilvi.errors import Unavailable
from pilvi.settings import Settings

log = structlog.get_logger()

# Seconds for tgtd to answer after its start. Lower: fails on a loaded machine; higher: a wrong
# port shows late.
START_S = 10.0
START_LOOK_S = 0.005
# Seconds for a killed process to be gone. Lower: fails while it writes back; higher: nothing.
END_S = 10.0
# tgtd writes a line for each unit and each refused login; past this the log begins anew.
LOG_BYTES_MAX = 1 << 20
# Threads that serve one unit. Lower: less parallel; higher: more threads a volume.
UNIT_THREADS = 4
# A volume takes about five. Lower: fewer volumes; higher: nothing.
OPEN_FILES = 65536

SOCKET_NAME = "tgt.0"
LOCK_NAME = "tgt.0.lock"


class TgtService:
    """Owns the folder `volumes` of a cloud: volume files, and `control` for tgtd's socket.

    The folder belongs to root, so that a tgtd that somebody took over can neither remove nor plant
    a file there; `control` belongs to tgtd.
    """

    def __init__(self, settings: Settings) -> None:
        self.directory = settings.agent_dir / "volumes"
        self.control = self.directory / "control"
        self.is_root = os.geteuid() == 0
        self.uid = settings.uid_volumes if self.is_root else os.geteuid()
        self.portal = f"127.0.0.1:{settings.iscsi_port}"
        self.client = TgtClient(self.control, SOCKET_NAME, self.uid)
        self.record = TgtRecord(self.directory / "targets.json")
        self._starting = asyncio.Lock()
        self._started = asyncio.Event()
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """See to it that the tgtd runs whose targets are recorded, or a new one. Repeatable.

        Raises `Unavailable` that names the log when it does not come up.
        """
        async with self._starting:
            if not self.record.is_of(self.identity()):
                # Targets of a tgtd that the record does not name could not be told apart.
                await asyncio.to_thread(self.end)
                self._child = self._spawn()
                _raise_open_files(self._child.pid)
                await self._wait_answering(self._child)
                self.record.begin(self.identity())
                log.info("started the iSCSI target service", pid=self._child.pid)
            self._started.set()

    async def wait_ended(self) -> None:
        """Return when the tgtd that was started or found here has ended."""
        await self._started.wait()
        pid = self.find_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                await _wait_exit(pid)
        if self._child is not None:
            self._child.poll()
        self._started.clear()

    def find_pid(self) -> int | None:
        """The process that holds this cloud's lock, or None."""
        try:
            descriptor = os.open(self.control / LOCK_NAME, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            # struct flock: type, whence, start, length, pid.
            question = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, question)
        finally:
            os.close(descriptor)
        kind, _, _, _, pid = struct.unpack("hhqqi4x", answer)
        return pid if kind != fcntl.F_UNLCK and self._is_ours(pid) else None

    def identity(self) -> str:
        """Names the running tgtd and no other, also after a reboot; empty when none runs."""
        pid = self.find_pid()
        if pid is None:
            return ""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot_id}:{pid}:{fields[19]}"

    def end(self) -> None:
        """Kill this cloud's tgtd and wait until it is gone. Repeatable."""
        pid = self.find_pid()
        if pid is None:
            return
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # The handle keeps its process: when the lock is still that pid's, it is the right one.
            if self.find_pid() == pid:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
        deadline = time.monotonic() + END_S
        while self.find_pid() == pid:
            if time.monotonic() > deadline:
                raise Unavailable("cannot end the iSCSI target service of this host")
            time.sleep(START_LOOK_S)
        if self._child is not None:
            self._child.wait(END_S)

    def make_directories(self) -> None:
        """Make the folders with their owners. Repeatable."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.control.mkdir(exist_ok=True, mode=0o700)
        if self.is_root:
            os.chown(self.directory, 0, self.uid)
            os.chown(self.control, self.uid, self.uid)
        self.directory.chmod(0o710)
        self.control.chmod(0o700)

    def trim_log(self) -> None:
        """Empty the log once it is over its limit: tgtd appends to it."""
        path = self.directory / "tgtd.log"
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > LOG_BYTES_MAX:
                os.truncate(path, 0)

    def _is_ours(self, pid: int) -> bool:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        return values["Name"] == "tgtd" and values["Uid"].split() == [str(self.uid)] * 4

    def _spawn(self) -> subprocess.Popen[bytes]:
        binary = shutil.which("tgtd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if binary is None:
            raise Unavailable("cannot find tgtd: run 'pilvi setup' on this host")
        self.make_directories()
        command = [binary, "-f", "-t", str(UNIT_THREADS), "--iscsi", f"portal={self.portal}"]
        if self.is_root:
            names = f"--reuid={self.uid} --regid={self.uid} --clear-groups --no-new-privs"
            command = ["setpriv", *names.split(), "--bounding-set=-all", *command]
        self.trim_log()
        # Paths are relative to the folder: tgtd can walk neither above it nor into a long path.
        with (self.directory / "tgtd.log").open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                env={"PATH": os.defpath, "TGT_IPC_SOCKET": "control/tgt"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def _wait_answering(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while (portals := await self.client.find_portals()) is None:
            if child.poll() is not None or time.monotonic() > deadline:
                break
            await asyncio.sleep(START_LOOK_S)
        # tgtd runs on, without a word, when its port is taken.
        if portals is None or f"{self.portal}," not in portals:
            child.kill()
            await asyncio.to_thread(child.wait, END_S)
            raise Unavailable(
                f"cannot start the iSCSI target service on {self.portal}: "
                f"is the port taken? {self.directory / 'tgtd.log'} says more"
            )


def _raise_open_files(pid: int) -> None:
    """tgtd asks for more than it may have and goes on with what it was given."""
    with contextlib.suppress(PermissionError, ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


async def _wait_exit(pid: int) -> None:
    """Return when a process, child or not, has ended."""
    handle = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
