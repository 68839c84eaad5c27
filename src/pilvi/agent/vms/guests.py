"""The living processes of this host's guests, and the conversations with them.

Nothing here is state: after a restart each process is found again by its uid, and talked to again
through its socket.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pilvi.agent.vms import guest_agent
from pilvi.agent.vms.folder import GuestFolder
from pilvi.agent.vms.process import GuestProcess, find_processes
from pilvi.agent.vms.qmp_session import QmpSession
from pilvi.agent.vms.record import RecordStore
from pilvi.errors import Unavailable

# A process that has not opened its socket by then is given up.
READY_S = 20.0
_POLL_S = 0.003
# QEMU refuses a second request while one is pending; a guest that was booting missed the first.
LEAVING_S = 5.0
_EVENTS = frozenset(
    {
        "SHUTDOWN",
        "STOP",
        "RESUME",
        "DEVICE_DELETED",
        "DEVICE_UNPLUG_GUEST_ERROR",
        "GUEST_PANICKED",
        "JOB_STATUS_CHANGE",
        "MIGRATION",
    }
)


@dataclass(slots=True)
class Guest:
    """One living process."""

    process: GuestProcess
    session: QmpSession | None = None
    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    leaving: dict[str, float] = field(default_factory=dict)
    """When the guest was asked to give up a device, by its name."""
    no_space_since: float | None = None
    is_reading: bool = False
    """Whether it was told to read the state of a suspended guest."""

    def note_space(self, *, is_full: bool) -> float:
        """Take note of whether the host's disk holds it up; answers for how many seconds."""
        if not is_full:
            self.no_space_since = None
            return 0.0
        if self.no_space_since is None:
            self.no_space_since = time.monotonic()
        return time.monotonic() - self.no_space_since


class Changes:
    """Ids of what changed by itself, each once until it is read."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._event = asyncio.Event()

    def add(self, id: str) -> None:
        """Something changed. Never waits."""
        self._ids[id] = None
        self._event.set()

    async def read(self) -> AsyncIterator[str]:
        """The ids, as they come."""
        while True:
            await self._event.wait()
            self._event.clear()
            ids, self._ids = self._ids, {}
            for id in ids:
                yield id


class Guests:
    """Every guest that has a process."""

    def __init__(self, records: RecordStore, changed: Callable[[str], None]) -> None:
        self._records = records
        self._changed = changed
        self._guests: dict[str, Guest] = {}
        self._witnessed: set[str] = set()

    def folder(self, server_id: str) -> GuestFolder:
        """The folder in which the process of a recorded vm works."""
        uid = self._records.get(server_id).uid
        return GuestFolder(self._records.folder(server_id) / "guest", uid)

    def find(self, server_id: str) -> Guest | None:
        """The guest whose process lives, adopted when another agent started it."""
        record = self._records.find(server_id)
        guest = self._guests.get(server_id)
        if guest is not None:
            if guest.process.is_alive:
                return guest
            if record and record.launched and record.launched.begun:
                self._witnessed.add(server_id)
            self.forget(server_id)
            return None
        if record is None or record.launched is None:
            return None
        processes = find_processes(record.uid)
        for stranger in processes[1:]:
            stranger.close()
        return self.add(server_id, processes[0]) if processes else None

    def add(self, server_id: str, process: GuestProcess) -> Guest:
        """Take note of a process, and of its end when it comes."""
        guest = Guest(process)
        self._guests[server_id] = guest
        self._witnessed.discard(server_id)
        asyncio.get_running_loop().add_reader(process.pidfd, self._ended, server_id, guest)
        return guest

    def forget(self, server_id: str) -> None:
        """Drop what is known of a process. Repeatable."""
        guest = self._guests.pop(server_id, None)
        if guest is None:
            return
        asyncio.get_running_loop().remove_reader(guest.process.pidfd)
        guest.process.close()
        if guest.session is not None:
            guest.session.abandon()

    async def close(self) -> None:
        """End all conversations; the processes go on."""
        sessions = [guest.session for guest in self._guests.values() if guest.session]
        for server_id in list(self._guests):
            guest = self._guests[server_id]
            guest.session = None
            self.forget(server_id)
        await asyncio.gather(*(session.close() for session in sessions))

    def note(self, server_id: str, *, is_reading: bool = False) -> None:
        """A guest was told to go on, or its process to read its state."""
        if (guest := self.find(server_id)) is not None:
            guest.is_reading = is_reading
            guest.note_space(is_full=False)

    def is_witnessed(self, server_id: str) -> bool:
        """Whether this agent saw the process whose end is not noted yet run its guest."""
        return server_id in self._witnessed

    def note_end(self, server_id: str) -> None:
        """The end of the process has been noted."""
        self.forget(server_id)
        self._witnessed.discard(server_id)

    async def session(self, server_id: str) -> QmpSession:
        """The conversation with a guest's process, begun when needed.

        Raises `Unavailable` when there is no process or it does not answer.
        """
        guest = self.find(server_id)
        if guest is None:
            raise Unavailable("cannot reach the guest's process", detail="it ended")
        async with guest.connecting:
            if guest.session is None or guest.session.is_closed:
                guest.session = await self._connect(server_id, guest)
        return guest.session

    def leaving(self, guest: Guest) -> frozenset[str]:
        """Names of the devices that the guest was asked for a short while ago."""
        now = time.monotonic()
        return frozenset(name for name, at in guest.leaving.items() if now - at < LEAVING_S)

    async def _connect(self, server_id: str, guest: Guest) -> QmpSession:
        folder = self.folder(server_id)

        def take(event: str, _data: dict[str, Any]) -> None:
            if event in _EVENTS:
                self._changed(server_id)

        deadline = time.monotonic() + READY_S
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                session = await QmpSession.connect(folder, take)
                break
            if not guest.process.is_alive:
                raise Unavailable("cannot reach the guest's process", detail="it ended")
            if time.monotonic() > deadline:
                raise Unavailable("cannot reach the guest's process", detail="no socket")
            await asyncio.sleep(_POLL_S)
        record = self._records.get(server_id)
        if record.is_frozen:
            # An agent ended between freeze and thaw.
            await guest_agent.thaw(folder)
            self._records.save(msgspec.structs.replace(record, is_frozen=False))
        return session

    def _ended(self, server_id: str, guest: Guest) -> None:
        asyncio.get_running_loop().remove_reader(guest.process.pidfd)
        # One that never answered is being waited for: its failure is told there, once.
        if guest.session is not None:
            self._changed(server_id)
