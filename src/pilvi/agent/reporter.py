"""Tells the control plane what this host sees: at once when it changes, else as a heartbeat."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Protocol

import structlog

from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.errors import InvalidRequest, PilviError, TooLarge
from pilvi.host_api.contract import (
    ConsoleOutput,
    GuestCounts,
    GuestPassword,
    HostFacts,
    Kind,
    Observation,
    Report,
)
from pilvi.settings import Settings

log = structlog.get_logger()

# Heartbeats in one lease. Lower: one lost report makes the host look down; higher: more reports.
HEARTBEATS = 3
# Seconds to gather what changes together. Lower: more reports; higher: status is seen later.
GATHER_S = 0.005
# Pauses after a report that did not arrive. Lower: hammers a control plane that starts; higher:
# status is late after it is back.
RETRY_S_MIN = 0.1
RETRY_S_MAX = 2.0
# Seconds between looks at consoles. Lower: more reports while guests boot; higher: late output.
CONSOLE_S = 0.25
# Seconds between looks for passwords that guests posted. Lower: idle hosts do more; higher: a guest
# that posts one waits longer for its answer.
PASSWORD_S = 1.0
# Bytes of one console in one report. Lower: a long boot takes many reports; higher: big reports.
CONSOLE_BYTES_MAX = 64 * 1024


def heartbeat_s(settings: Settings) -> float:
    """Seconds between two reports of a host to which nothing happens. Pure."""
    return settings.host_lease_s / HEARTBEATS


class ConsolePiece(Protocol):
    """New bytes of a console."""

    @property
    def start(self) -> int:
        """Offset of the first byte."""
        ...

    @property
    def data(self) -> bytes:
        """The bytes."""
        ...


class Consoles(Protocol):
    """Where guests' consoles are read: the vms' part."""

    async def read_console(self, server_id: str, offset: int, limit: int) -> ConsolePiece:
        """New bytes of a guest's serial console."""
        ...


class Passwords(Protocol):
    """Where passwords come from that guests post: the ports' part."""

    async def read(self) -> list[GuestPassword]:
        """What is to be told now."""
        ...

    async def note_told(self, passwords: Sequence[GuestPassword]) -> None:
        """They have arrived."""
        ...


class Counts(Protocol):
    """Where it comes from what guests use."""

    def take(self) -> list[GuestCounts] | None:
        """What was measured and not told yet, or None. Never waits."""
        ...


class ReportSink(Protocol):
    """Where reports go: the client's part."""

    async def send_report(self, report: Report) -> int:
        """Tell what this host sees; answers the run of the agent that is followed."""
        ...


class Reporter:
    """One report at a time; what did not arrive is told again, newer if there is newer."""

    def __init__(
        self,
        desired: DesiredState,
        outbox: Outbox,
        sink: ReportSink,
        guests: tuple[Consoles, Passwords | None, Counts | None],
        collect: Callable[[], HostFacts],
    ) -> None:
        self._desired = desired
        self._outbox = outbox
        self._sink = sink
        self._consoles, self._passwords, self._counts = guests
        self._collect = collect
        self.taken = asyncio.Event()
        """Set once the control plane has taken a report: it knows that this host is there."""
        self._wants_all = self._wants_full = True
        self._pieces: dict[str, ConsoleOutput] = {}
        self._offsets: dict[str, int] = {}
        self._posted: list[GuestPassword] = []
        self._is_refused = False
        """Whether the control plane would not have the last report."""
        self._run = 0
        self._number = 0

    def tell_everything(self) -> None:
        """Contact was lost or the control plane's state was put back: report the whole again.

        What is known is told once, and the whole when all of it was looked at.
        """
        self._wants_all = self._wants_full = True

    async def run(self, heartbeat_s: float) -> None:
        """Report until cancelled: what changed at once, and something every `heartbeat_s`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report_always(heartbeat_s))
            group.create_task(self._read_always())
            if self._passwords is not None:
                group.create_task(self._read_passwords_always(self._passwords))

    async def _report_always(self, heartbeat_s: float) -> None:
        pause_s = RETRY_S_MIN
        while True:
            try:
                await self._report()
            except PilviError as error:
                log.warning("cannot report", error=error.message, detail=error.detail)
                self._is_refused = isinstance(error, InvalidRequest | TooLarge)
            except Exception:
                log.exception("cannot report")
            else:
                self._is_refused = False
                pause_s = RETRY_S_MIN
                await self._wait_for_news(heartbeat_s)
                continue
            self.tell_everything()
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(RETRY_S_MAX, pause_s * 2)

    async def _wait_for_news(self, heartbeat_s: float) -> None:
        try:
            async with asyncio.timeout(heartbeat_s):
                await self._outbox.changed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)

    async def _report(self) -> None:
        # It is everything only when everything desired was looked at in this run of the agent.
        full = self._wants_full and all(map(self._outbox.has, self._desired.list_keys()))
        observations = self._outbox.take(full=full or self._wants_all)
        self._wants_all, self._wants_full = False, self._wants_full and not full
        try:
            # Who is told that a guest went off can read its last words.
            await self._read_consoles({one.id for one in observations if one.kind is Kind.VM})
            if self._is_refused:
                self._leave_out_guests()
            consoles, posted = list(self._pieces.values()), self._posted
            await self._send(observations, consoles, posted, full=full)
        except BaseException:
            self._outbox.put_back(observations)
            raise
        self._take_note(observations, consoles)
        self._posted = [one for one in self._posted if one not in posted]
        if self._passwords is not None:
            await self._passwords.note_told(posted)

    def _leave_out_guests(self) -> None:
        """Let go of what guests said: nothing that one of them says may silence its host."""
        for output in self._pieces.values():
            self._offsets[output.server_id] = output.start + len(output.data)
        self._pieces.clear()
        self._posted = []

    async def _send(
        self,
        observations: list[Observation],
        consoles: list[ConsoleOutput],
        passwords: list[GuestPassword],
        *,
        full: bool,
    ) -> None:
        """Send one report until it is taken: the first of a run learns which run it is."""
        # What is lost with a report is of no worth any more: newer figures follow soon.
        counts = None if self._counts is None else self._counts.take()
        while True:
            self._number += 1
            report = Report(
                facts=self._collect(),
                observations=observations,
                full=full,
                consoles=consoles,
                passwords=passwords,
                counts=counts,
                run=self._run,
                number=self._number,
            )
            followed = await self._sink.send_report(report)
            if followed == self._run and self._run > 0:
                self.taken.set()
                return
            # Whoever wrote as that run is gone: there is one agent on a host.
            self._run, self._number = followed + 1, 0

    def _take_note(
        self, observations: Iterable[Observation], consoles: Iterable[ConsoleOutput]
    ) -> None:
        """The control plane has it: what it knows to be gone needs no keeping here."""
        for seen in observations:
            assignment = self._desired.find(seen.kind, seen.id)
            is_unwanted = assignment is None or (
                not assignment.present and assignment.generation == seen.generation
            )
            if is_unwanted and not seen.present and seen.settled:
                self._desired.forget(seen.kind, seen.id, seen.generation)
                self._outbox.forget(seen.kind, seen.id, seen.generation)
        for output in consoles:
            if self._pieces.pop(output.server_id, None) is not None:
                self._offsets[output.server_id] = output.start + len(output.data)

    async def _read_always(self) -> None:
        while True:
            present = self._list_guests()
            for kept in (self._offsets, self._pieces):
                for server_id in kept.keys() - present:
                    kept.pop(server_id)
            if await self._read_consoles(present - self._pieces.keys()):
                self._outbox.changed.set()
            await asyncio.sleep(CONSOLE_S)

    async def _read_passwords_always(self, passwords: Passwords) -> None:
        """Take what guests posted; it is told until it has arrived."""
        while True:
            try:
                self._posted = await passwords.read()
                if self._posted:
                    self._outbox.changed.set()
            except Exception:
                log.exception("cannot read what guests posted")
            await asyncio.sleep(PASSWORD_S)

    def _list_guests(self) -> set[str]:
        return {one.id for one in self._desired.list(Kind.VM) if one.present}

    async def _read_consoles(self, server_ids: Set[str]) -> bool:
        """Take what these consoles say that was not told yet; answers whether there is any."""
        found = False
        for server_id in server_ids & self._list_guests():
            offset = self._offsets.get(server_id, 0)
            try:
                piece = await self._consoles.read_console(server_id, offset, CONSOLE_BYTES_MAX)
            except Exception:
                log.exception("cannot read a console", server=server_id)
                continue
            if piece.data:
                found = True
                self._pieces[server_id] = ConsoleOutput(
                    server_id=server_id, start=piece.start, data=piece.data
                )
        return found
