"""Freezing a guest's filesystems for a moment, where the guest runs qemu-ga.

What the guest answers is never parsed, only searched for the word that means success. Whoever
freezes thaws, whatever the answer was.
"""

import asyncio
import contextlib
import socket

from pilvi.agent.vms.folder import GUEST_AGENT_SOCKET, GuestFolder

# A guest without the agent is not waited for longer than this.
PING_S = 0.5
# Lower: busy guests are copied unfrozen; higher: a guest's writes may stand still longer.
FREEZE_S = 3.0
_ANSWER_MAX = 4096


async def is_there(folder: GuestFolder) -> bool:
    """Whether the guest has an agent that answers."""
    return await _ask(folder, b"guest-ping", PING_S)


async def freeze(folder: GuestFolder) -> bool:
    """Whether the guest's filesystems are frozen now; `thaw` must follow in any case."""
    return await _ask(folder, b"guest-fsfreeze-freeze", FREEZE_S)


async def thaw(folder: GuestFolder) -> None:
    """Let the guest's filesystems go. Repeatable."""
    await _ask(folder, b"guest-fsfreeze-thaw", FREEZE_S)


async def _ask(folder: GuestFolder, command: bytes, timeout_s: float) -> bool:
    try:
        connection = folder.connect(GUEST_AGENT_SOCKET)
    except OSError:
        return False
    try:
        async with asyncio.timeout(timeout_s):
            return await _converse(connection, command)
    except (TimeoutError, OSError):
        return False
    finally:
        connection.close()


async def _converse(connection: socket.socket, command: bytes) -> bool:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, b'{"execute":"' + command + b'"}\n')
    answer = b""
    while b"\n" not in answer and len(answer) < _ANSWER_MAX:
        piece = await loop.sock_recv(connection, _ANSWER_MAX)
        if not piece:
            break
        answer += piece
    # Leave nothing unread that a later question would take for its answer.
    with contextlib.suppress(BlockingIOError):
        connection.recv(_ANSWER_MAX)
    return b'"return"' in answer and b'"error"' not in answer
