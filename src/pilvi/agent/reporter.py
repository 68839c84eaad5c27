"""Tells the control plane what this host sees: at once when it changes, else as a heartbeat."""

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.errors import PilviError
from pilvi.host_api.contract import ConsoleOutput, HostFacts, Kind, Observation, Report

log = structlog.get_logger()

# Seconds to gather what changes together. Lower: more reports; higher: status is seen later.
GATHER_S = 0.005
# Pauses after a report that did not arrive. Lower: hammers a control plane that starts; higher:
# status is late after it is back.
RETRY_S_MIN = 0.1
RETRY_S_MAX = 2.0
# Seconds between looks at consoles. Lower: more reports while guests boot; higher: late output.
CONSOLE_S = 0.25
# Bytes of one console in one report. Lower: a long boot takes many reports; higher: big reports.
CONSOLE_BYTES_MAX = 64 * 1024


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


class ReportSink(Protocol):
    """Where reports go: the client's part."""

    async def send_report(self, report: Report) -> None:
        """Tell what this host sees. It has arrived when this returns."""
        ...


class Reporter:
    """One report at a time; what did not arrive is told again, newer if there is newer."""

    def __init__(
        self,
        desired: DesiredState,
        outbox: Outbox,
        sink: ReportSink,
        consoles: Consoles,
        collect: Callable[[], HostFacts],
    ) -> None:
        self._desired = desired
        self._outbox = outbox
        self._sink = sink
        self._consoles = consoles
        self._collect = collect
        self._wants_full = True
        self._pieces: dict[str, ConsoleOutput] = {}
        self._offsets: dict[str, int] = {}

    def tell_everything(self) -> None:
        """Contact was lost or the control plane's state was put back: report the whole again."""
        self._wants_full = True

    async def run(self, heartbeat_s: float) -> None:
        """Report until cancelled: what changed at once, and something every `heartbeat_s`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report_always(heartbeat_s))
            group.create_task(self._read_always())

    async def _report_always(self, heartbeat_s: float) -> None:
        pause_s = RETRY_S_MIN
        while True:
            try:
                await self._report()
            except PilviError as error:
                log.warning("cannot report", error=error.message, detail=error.detail)
            except Exception:
                log.exception("cannot report")
            else:
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
        observations = self._outbox.take(full=self._wants_full)
        consoles = list(self._pieces.values())
        self._wants_full = self._wants_full and not full
        try:
            facts = self._collect()
            await self._sink.send_report(
                Report(facts=facts, observations=observations, full=full, consoles=consoles)
            )
        except BaseException:
            self._outbox.put_back(observations)
            raise
        self._take_note(observations, consoles)

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
            try:
                await self._read_consoles()
            except Exception:
                log.exception("cannot read a console")
            await asyncio.sleep(CONSOLE_S)

    async def _read_consoles(self) -> None:
        """Take the next piece of each console that has none waiting to be told."""
        present = {
            assignment.id for assignment in self._desired.list(Kind.VM) if assignment.present
        }
        for kept in (self._offsets, self._pieces):
            for server_id in kept.keys() - present:
                kept.pop(server_id)
        for server_id in present - self._pieces.keys():
            offset = self._offsets.get(server_id, 0)
            piece = await self._consoles.read_console(server_id, offset, CONSOLE_BYTES_MAX)
            if piece.data:
                output = ConsoleOutput(server_id=server_id, start=piece.start, data=piece.data)
                self._pieces[server_id] = output
                self._outbox.changed.set()
