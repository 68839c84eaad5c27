"""The folder in which one guest's process works, owned by that guest's uid.

The process is started inside it and names everything relatively, so neither the length of a
socket's path nor the folders above matter. The agent treats what it finds here as a stranger's:
it follows no link and reads only regular files of the guest's own uid.
"""

import contextlib
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pilvi.agent.vms.local_vm import LocalDisk
from pilvi.errors import Unavailable

QMP_SOCKET = "qmp.sock"
TOOLS_SOCKET = "tools.sock"
SERIAL_SOCKET = "serial.sock"
VNC_SOCKET = "vnc.sock"
GUEST_AGENT_SOCKET = "guest-agent.sock"
CONSOLE_LOG = "console.log"
PROCESS_LOG = "qemu.log"
SOCKETS = (QMP_SOCKET, TOOLS_SOCKET, SERIAL_SOCKET, VNC_SOCKET, GUEST_AGENT_SOCKET)


def overlay_name(device: str, generation: int) -> str:
    """File of a disk that is a copy-on-write overlay."""
    return f"{device}.{generation}.qcow2"


def sparse_name(device: str, generation: int) -> str:
    """File of a raw disk."""
    return f"{device}.{generation}.raw"


def base_name(device: str, generation: int) -> str:
    """The overlay's base, a hard link to the image in the host's cache."""
    return f"{device}.{generation}.base"


def config_name(digest: str) -> str:
    """The config drive with the documents of this digest."""
    return f"config.{digest}.iso"


@dataclass(frozen=True, slots=True)
class GuestFolder:
    """One guest's folder."""

    path: Path
    uid: int

    def make(self) -> None:
        """Make it empty of everything of another owner. Repeatable."""
        if self.path.is_symlink() or (self.path.exists() and self.path.stat().st_uid != self.uid):
            shutil.rmtree(self.path)
        self.path.mkdir(exist_ok=True, mode=0o700)
        os.chown(self.path, self.uid, self.uid)

    def remove(self) -> None:
        """Remove it with everything in it. Repeatable."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def list_disks(self) -> tuple[LocalDisk, ...]:
        """The whole local disks."""
        disks = []
        for name, status in self._files():
            parts = name.split(".")
            if len(parts) == 3 and parts[2] in ("qcow2", "raw") and parts[1].isdigit():
                disks.append(LocalDisk(parts[0], int(parts[1]), status.st_blocks * 512))
        return tuple(sorted(disks, key=lambda disk: (disk.device, disk.generation)))

    def config_digest(self) -> str:
        """Digest of the config drive that is here; empty without one."""
        for name, _ in self._files():
            parts = name.split(".")
            if len(parts) == 3 and parts[0] == "config" and parts[2] == "iso":
                return parts[1]
        return ""

    def remove_disk(self, device: str, generation: int) -> None:
        """Remove one disk, its base last. Repeatable."""
        for name in (
            overlay_name(device, generation),
            sparse_name(device, generation),
            base_name(device, generation),
        ):
            (self.path / name).unlink(missing_ok=True)

    def remove_config_drives(self, keep: str) -> None:
        """Remove every config drive but one. Repeatable."""
        for path in self.path.glob("config.*.iso"):
            if path.name != config_name(keep):
                path.unlink()

    def clear_sockets(self) -> None:
        """Remove what an ended process left. Repeatable."""
        for name in SOCKETS:
            (self.path / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def open_file(self, name: str, flags: int) -> Iterator[int]:
        """A descriptor of a regular file of the guest's; raises FileNotFoundError."""
        path = self.path / name
        try:
            descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise FileNotFoundError(name) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != self.uid:
                raise FileNotFoundError(name)
            yield descriptor
        finally:
            os.close(descriptor)

    def open_log(self) -> int:
        """A new log for the process's own words, for appending; the caller closes it."""
        path = self.path / PROCESS_LOG
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        os.fchown(descriptor, self.uid, self.uid)
        return descriptor

    def connect(self, name: str) -> socket.socket:
        """A connection to a socket behind which the guest's own process listens.

        Raises OSError when nobody listens and `Unavailable` when somebody else does.
        """
        folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            connection.setblocking(False)
            # A path through the descriptor is short wherever the folder is.
            connection.connect(f"/proc/self/fd/{folder}/{name}")
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if int.from_bytes(credentials[4:8], "little") != self.uid:
                raise Unavailable("cannot reach the guest's process", detail=f"{name}: wrong owner")
        except BaseException:
            connection.close()
            raise
        finally:
            os.close(folder)
        return connection

    def _files(self) -> list[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self.path) as entries:
                return [
                    (entry.name, entry.stat(follow_symlinks=False))
                    for entry in entries
                    if entry.is_file(follow_symlinks=False)
                ]
        except FileNotFoundError:
            return []
