"""Speaks tgtd's management protocol: one request and one reply on each connection.

`tgtadm` speaks the same, but takes passwords on its command line, where every user of the machine
can read them. tgtd answers only a peer whose effective uid and gid are its own, so requests go out
from a thread that has given up root for itself alone: credentials belong to threads in Linux.

Facts (tgt 1.0.85, usr/tgtadm.h): a request is a fixed header and then `name=value` parameters
joined by commas and ended by a NUL; numbers are in the machine's byte order. A reply is an error
number and a length, and then text.
"""

import asyncio
import contextlib
import ctypes
import os
import platform
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from pilvi.errors import Internal, Unavailable, Unsupported

# Seconds for one request. Lower: a machine under load counts as dead; higher: a frozen service
# holds its volumes' reconcilers.
REQUEST_S = 5.0
# About 900 bytes for a target. Lower: a large host cannot be audited; higher: nothing.
REPLY_BYTES_MAX = 16 << 20
UNREACHABLE = "cannot reach the iSCSI target service of this host"

# Numbers of setresuid and setresgid: the C library's own functions would change every thread.
SYSTEM_CALLS = {"x86_64": (117, 119), "aarch64": (147, 149)}
KEEP = -1


class Mode(IntEnum):
    """What a request is about."""

    SYSTEM = 0
    TARGET = 1
    UNIT = 2
    PORTAL = 3
    CONNECTION = 6
    ACCOUNT = 7


class Operation(IntEnum):
    """What a request does."""

    NEW = 0
    DELETE = 1
    SHOW = 2
    BIND = 3
    UNBIND = 4
    UPDATE = 5
    STATISTICS = 6


class Reply(IntEnum):
    """The error numbers that callers tell apart."""

    SUCCESS = 0
    NO_TARGET = 4
    NO_UNIT = 5
    TARGET_EXISTS = 9
    ACCOUNT_EXISTS = 14
    NO_ACCOUNT = 15
    UNIT_ACTIVE = 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the parameters may hold a password and are not shown."""

    mode: Mode
    operation: Operation
    target: int = 0
    unit: int = 0
    parameters: str = ""
    session: int = 0
    connection: int = 0
    force: bool = False

    def __repr__(self) -> str:
        return f"{self.operation.name} {self.mode.name} target={self.target} unit={self.unit}"


HEADER = struct.Struct("=ii64sIiQQIIIIII")
REPLY = struct.Struct("=II")


def encode_request(request: Request) -> bytes:
    """The bytes of a request. Pure."""
    body = request.parameters.encode() + b"\0" if request.parameters else b""
    header = HEADER.pack(
        request.mode,
        request.operation,
        b"iscsi",
        HEADER.size + len(body),
        request.target,
        request.session,
        request.unit,
        request.connection,
        0,
        0,
        0,
        0,
        request.force,
    )
    return header + body


class TgtClient:
    """Sends requests to the tgtd whose socket is `name` in `directory`, as `uid`."""

    def __init__(self, directory: Path, name: str, uid: int) -> None:
        self._directory = directory
        self._name = name
        if uid != os.geteuid() and platform.machine() not in SYSTEM_CALLS:
            raise Unsupported(f"cannot manage iSCSI targets on a {platform.machine()} machine")
        self._thread = ThreadPoolExecutor(1, "tgt", initializer=_take_uid, initargs=(uid,))

    async def call(self, request: Request) -> int:
        """Send one request and return its error number; raises `Unavailable` without an answer."""
        return (await self.ask(request))[0]

    async def ask(self, request: Request) -> tuple[int, str]:
        """Send one request and return its error number and text."""
        loop = asyncio.get_running_loop()
        try:
            # Opened here, as root: the thread may not walk through the folders above.
            directory = os.open(self._directory, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise Unavailable(UNREACHABLE, detail=f"{request}: {error}") from error
        return await loop.run_in_executor(self._thread, self._exchange, directory, request)

    async def find_portals(self) -> str | None:
        """The addresses at which tgtd listens, as it prints them; None when it does not answer."""
        try:
            number, text = await self.ask(Request(Mode.PORTAL, Operation.SHOW))
        except Unavailable:
            return None
        return text if number == Reply.SUCCESS else None

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _exchange(self, directory: int, request: Request) -> tuple[int, str]:
        try:
            with contextlib.ExitStack() as stack:
                stack.callback(os.close, directory)
                connection = stack.enter_context(socket.socket(socket.AF_UNIX))
                connection.settimeout(REQUEST_S)
                # A socket's path is limited to 107 bytes, a state directory's is not.
                connection.connect(f"/proc/self/fd/{directory}/{self._name}")
                connection.sendall(encode_request(request))
                number, length = REPLY.unpack(_receive(connection, REPLY.size))
                text = _receive(connection, min(length - REPLY.size, REPLY_BYTES_MAX))
        except OSError as error:
            raise Unavailable(UNREACHABLE, detail=f"{request}: {error}") from error
        return number, text.rstrip(b"\0").decode(errors="replace")


def _receive(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionResetError("the reply ends early")
        data += piece
    return bytes(data)


def _take_uid(uid: int) -> None:
    """Take `uid` as this one thread's effective uid and gid.

    The real and saved ids stay root's, so that no process of that user may signal the agent.
    """
    if uid == os.geteuid():
        return
    set_uid, set_gid = SYSTEM_CALLS[platform.machine()]
    libc = ctypes.CDLL(None, use_errno=True)
    for number in (set_gid, set_uid):
        if libc.syscall(*map(ctypes.c_long, (number, KEEP, uid, KEEP))) != 0:
            reason = os.strerror(ctypes.get_errno())
            raise Internal("cannot act as the owner of the volumes", detail=reason)
