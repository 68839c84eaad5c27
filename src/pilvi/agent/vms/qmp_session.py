"""One conversation with one guest's process.

QEMU speaks with one client on each socket, so there is one session for each guest. Events that
were raised while nobody was connected are lost: who connects looks at the state anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from qemu.qmp import EventListener, ExecuteError, Message, QMPClient, QMPError, Runstate

from pilvi.agent.vms.folder import QMP_SOCKET, GuestFolder
from pilvi.errors import Unavailable

# Lower: a busy host's guests count as silent; higher: a hung one holds its reconciler.
ANSWER_S = 3.0
# An iSCSI login happens inside a command.
SLOW_ANSWER_S = 15.0

EventSink = Callable[[str, dict[str, Any]], None]


class CommandRefused(Unavailable):
    """QEMU answered a command with an error; `reason` holds its words."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__("cannot change the guest's devices", detail=f"{command}: {reason}")
        self.reason = reason

    @property
    def kind(self) -> str:
        """The kind of which it is a special case."""
        return Unavailable.__name__


class _Listener(EventListener):
    """Passes each event on as it arrives."""

    def __init__(self, sink: EventSink) -> None:
        super().__init__()
        self._sink = sink

    async def put(self, event: Message) -> None:
        data = event.get("data")
        self._sink(str(event["event"]), data if isinstance(data, dict) else {})


class QmpSession:
    """An open conversation. Made by `connect`."""

    def __init__(self, client: QMPClient) -> None:
        self._client = client
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, folder: GuestFolder, sink: EventSink) -> "QmpSession":
        """Connect to the guest's process and hand its events to `sink`.

        Raises OSError when nobody listens (yet) and `Unavailable` when nobody answers.
        """
        connection = folder.connect(QMP_SOCKET)
        client = QMPClient("agent")
        # It calls the end of a guest's process an error; we tell it where it matters.
        client.logger.setLevel(logging.CRITICAL)
        client.register_listener(_Listener(sink))
        try:
            async with asyncio.timeout(ANSWER_S):
                await client.connect(connection)
        except (QMPError, TimeoutError, EOFError) as error:
            connection.close()
            raise Unavailable("cannot reach the guest's process", detail=repr(error)) from error
        return cls(client)

    async def execute(
        self, command: str, arguments: dict[str, Any] | None = None, *, timeout_s: float = ANSWER_S
    ) -> Any:
        """The answer to a command.

        Raises `CommandRefused`, or `Unavailable` when the process does not answer in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._client.execute(command, arguments)
        except ExecuteError as error:
            raise CommandRefused(command, str(error)) from error
        except (QMPError, TimeoutError, EOFError, OSError) as error:
            detail = f"{command}: {error!r}"
            raise Unavailable("cannot reach the guest's process", detail=detail) from error

    async def try_execute(self, command: str, arguments: dict[str, Any]) -> None:
        """Give a command that may have nothing to do any more."""
        with contextlib.suppress(CommandRefused):
            await self.execute(command, arguments)

    async def give_descriptor(self, name: str, descriptor: int) -> None:
        """Hand an open file to the process under a name."""
        self._client.send_fd_scm(descriptor)
        await self.execute("getfd", {"fdname": name})

    @property
    def is_closed(self) -> bool:
        """Whether the other side went away."""
        return self._client.runstate is not Runstate.RUNNING

    def abandon(self) -> None:
        """End the conversation without waiting for it."""
        self._closing = asyncio.get_running_loop().create_task(self.close())

    async def close(self) -> None:
        """End the conversation; the process goes on. Repeatable."""
        with contextlib.suppress(QMPError, EOFError, OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await self._client.disconnect()
