"""Screens and serial lines of QEMU: the sockets in the guest's folder.

QEMU's VNC socket serves many clients at once. A serial line serves one: a second connection waits
unanswered until the first is closed, which the reconciler sees to. Both listen without waiting for
anybody, so a viewer that disappears leaves nothing behind in the guest's process.
"""

import asyncio
import contextlib
import socket

from pilvi.agent.vms.folder import SERIAL_SOCKET, VNC_SOCKET, GuestFolder
from pilvi.agent.vms.record import read_record
from pilvi.errors import NotFound, Unavailable
from pilvi.host_api.consoles import ConsoleLine, ConsoleSpec
from pilvi.settings import Settings

PIECE_BYTES = 64 * 1024
# Seconds for which a guest's process may be busy, and between tries. Lower: a busy host's consoles
# fail; higher: viewers wait for a process that hangs.
BUSY_S = 5.0
BUSY_PAUSE_S = 0.05
_SOCKETS = {ConsoleLine.VNC: VNC_SOCKET, ConsoleLine.SERIAL: SERIAL_SOCKET}


class SocketStream:
    """A connection to one of a guest's sockets; keeps `Stream`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def read(self) -> bytes:
        """See `Stream`."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._connection, PIECE_BYTES)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """See `Stream`."""
        await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def close(self) -> None:
        """See `Stream`."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class QemuConsoles:
    """Lines of this host's guests; keeps `ConsoleDriver`."""

    def __init__(self, settings: Settings) -> None:
        self._vms = settings.agent_dir / "vms"

    async def open(self, spec: ConsoleSpec) -> SocketStream:
        """See `ConsoleDriver`."""
        deadline = asyncio.get_running_loop().time() + BUSY_S
        while True:
            try:
                return SocketStream(await asyncio.to_thread(self._connect, spec))
            except BlockingIOError:
                # QEMU lets one connection wait for it; a guest that is busy looks late.
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable("cannot open the console: the guest is busy") from None
            await asyncio.sleep(BUSY_PAUSE_S)

    def _connect(self, spec: ConsoleSpec) -> socket.socket:
        home = self._vms / spec.server_id
        record = read_record(home)
        if record is None:
            raise NotFound("cannot open the console: the server is not on this host")
        try:
            connection = GuestFolder(home / "guest", record.uid).connect(_SOCKETS[spec.line])
        except BlockingIOError:
            raise
        except OSError as error:
            raise NotFound("cannot open the console: the guest does not run") from error
        # A record names a process before it is started: this connection is to no later one.
        now = read_record(home)
        if now is None or now.launched is None or now.launched.started_at != spec.started_at:
            connection.close()
            raise NotFound("cannot open the console: the guest was started again")
        return connection
