"""Where a viewer and a host meet, in the memory of one API process.

The viewer's end comes first and waits; the host's end finds it by the session's id. Nothing here
outlives the process: what a killed one leaves in the database is ended by the reconciler.
"""

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import Protocol

from pilvi.compute.model.console import Console
from pilvi.errors import Conflict, Forbidden, NotFound, Unavailable
from pilvi.host_api.consoles import CloseCode

# Open sessions of one API process. Lower: viewers are refused; higher: more memory.
SESSIONS_MAX = 256


@dataclass(frozen=True, slots=True)
class Closed:
    """How an end was closed by whoever is behind it."""

    code: int
    reason: str = ""


class End(Protocol):
    """One end of a session."""

    async def receive(self) -> bytes | Closed:
        """The next bytes, or how it was closed. Asks for no more than it is asked for."""
        ...

    async def send(self, data: bytes) -> Closed | None:
        """Send bytes and wait until they fit; tells when nobody is there any more."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close it. Repeatable."""
        ...


@dataclass(slots=True)
class Meeting:
    """One session of this process."""

    console: Console
    secret: str = field(repr=False)
    host: asyncio.Future[End]
    """The host's end, once it is there."""
    over: asyncio.Future[Closed]
    """Set once the session has ended, or when it shall."""

    def finish(self, code: CloseCode) -> None:
        """End the session. Repeatable."""
        if not self.over.done():
            self.over.set_result(Closed(code, code.reason))


class ConsoleMeetings:
    """The sessions of this process, by their id."""

    def __init__(self) -> None:
        self._meetings: dict[str, Meeting] = {}

    def list_ids(self) -> list[str]:
        """Ids of all sessions here."""
        return list(self._meetings)

    def check_room(self) -> None:
        """Raise `Unavailable` when no more sessions fit."""
        if len(self._meetings) >= SESSIONS_MAX:
            raise Unavailable("cannot open the console: too many are open; try again later")

    def begin(self, console: Console, secret: str) -> Meeting:
        """Wait for a session's host."""
        loop = asyncio.get_running_loop()
        meeting = Meeting(console, secret, loop.create_future(), loop.create_future())
        self._meetings[console.id] = meeting
        return meeting

    def finish(self, id: str, code: CloseCode) -> None:
        """End one session, if it is here. Repeatable."""
        if (meeting := self._meetings.get(id)) is not None:
            meeting.finish(code)

    def forget(self, id: str) -> None:
        """The session has ended. Repeatable."""
        self._meetings.pop(id, None)

    def find(self, id: str, host_id: str, secret: str) -> Meeting:
        """The session that waits for this host.

        Raises `NotFound` when none does here, `Forbidden` for another host or a wrong secret,
        `Conflict` when the host has come already.
        """
        meeting = self._meetings.get(id)
        if meeting is None:
            raise NotFound("cannot find a console that waits for this host")
        is_right = hmac.compare_digest(meeting.secret.encode(), secret.encode())
        if meeting.console.host_id != host_id or not is_right:
            raise Forbidden("cannot join this console: it waits for another host")
        if meeting.host.done():
            raise Conflict("cannot join this console twice")
        return meeting
