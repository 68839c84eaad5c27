import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from host_server import until
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.reporter import Reporter
from pilvi.errors import InvalidRequest, Unavailable
from pilvi.host_api.contract import (
    Assignment,
    Desired,
    GuestCounts,
    GuestPassword,
    HostFacts,
    Kind,
    Observation,
    Report,
)

FACTS = HostFacts(
    hostname="h", vcpus=1, memory_mib=1, disk_gib=1, disk_free_gib=1, accelerator="tcg"
)


class Piece(msgspec.Struct, frozen=True):
    start: int
    data: bytes


class Desk:
    """A reporter, what it reports from, and what arrived."""

    def __init__(self, folder: Path) -> None:
        self.desired = DesiredState(folder)
        self.outbox = Outbox()
        self.arrived: list[Report] = []
        self.open = 0
        self.open_most = 0
        self.takes_s = 0.0
        self.is_away = False
        self.refuses: Callable[[Report], object] = lambda report: False
        self.passwords: list[GuestPassword] = []
        self.looks_for_passwords = 0
        self.console = b""
        self.counts: list[GuestCounts] | None = None
        self.run = 0
        self.reporter = Reporter(self.desired, self.outbox, self, (self, self, self), lambda: FACTS)

    def take(self) -> list[GuestCounts] | None:
        found, self.counts = self.counts, None
        return found

    async def send_report(self, report: Report) -> int:
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        await asyncio.sleep(self.takes_s)
        self.open -= 1
        if self.is_away:
            raise Unavailable("cannot reach it")
        if self.refuses(report):
            raise InvalidRequest("cannot accept the body")
        if report.run != self.run or report.run == 0:
            if report.run <= self.run:
                return self.run
            self.run = report.run
        self.arrived.append(report)
        return self.run

    async def read_console(self, server_id: str, offset: int, limit: int) -> Piece:
        return Piece(offset, self.console[offset:])

    async def read(self) -> list[GuestPassword]:
        self.looks_for_passwords += 1
        return list(self.passwords)

    async def note_told(self, passwords: Sequence[GuestPassword]) -> None:
        self.passwords = [one for one in self.passwords if one not in passwords]

    def wish(self, id: str, generation: int, *, present: bool, kind: Kind = Kind.VOLUME) -> None:
        wish = Assignment(
            kind=kind,
            id=id,
            generation=generation,
            revision=generation,
            present=present,
            spec=msgspec.Raw(b"null"),
        )
        revision = self.desired.revision + 1
        self.desired.apply(Desired(host_id="h", revision=revision, assignments=[wish]))

    def see(
        self,
        id: str,
        generation: int,
        *,
        present: bool = True,
        settled: bool = True,
        kind: Kind = Kind.VOLUME,
    ) -> None:
        self.outbox.publish(
            Observation(kind=kind, id=id, generation=generation, present=present, settled=settled)
        )

    @asynccontextmanager
    async def running(self, heartbeat_s: float = 60) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reporter.run(heartbeat_s))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_what_changes_together_is_told_together(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        await until(lambda: desk.arrived)
        desk.see("a", 1)
        await asyncio.sleep(0)
        desk.see("b", 1)
        await until(lambda: len(desk.arrived) == 2)
        assert {seen.id for seen in desk.arrived[1].observations} == {"a", "b"}


async def test_one_report_at_a_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.takes_s = 0.02
    async with desk.running(0.01):
        for generation in range(10):
            desk.see("a", generation)
            await asyncio.sleep(0.01)
        await until(lambda: desk.arrived and desk.arrived[-1].observations == [])
    assert desk.open_most == 1
    told = [seen.generation for report in desk.arrived for seen in report.observations]
    assert told == sorted(told) and told[-1] == 9


async def test_what_did_not_arrive_is_told_again_with_all_the_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        desk.see("a", 1)
        await until(lambda: any(report.observations for report in desk.arrived))
        desk.is_away = True
        desk.see("b", 1)
        await asyncio.sleep(0.05)
        desk.see("b", 2)
        desk.arrived.clear()
        desk.is_away = False
        await until(lambda: desk.arrived)
        told = {(seen.id, seen.generation) for seen in desk.arrived[0].observations}
        assert told == {("a", 1), ("b", 2)} and desk.arrived[0].full


async def test_nothing_is_everything_before_all_was_looked_at(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.wish("a", 1, present=True)
    desk.wish("b", 2, present=True)
    async with desk.running(0.02):
        desk.see("a", 1)
        await until(lambda: len(desk.arrived) > 4)
        assert not any(report.full for report in desk.arrived)
        # What is known is told once, not with each heartbeat, however long the rest takes.
        told = [seen.id for report in desk.arrived for seen in report.observations]
        assert told == ["a"]
        desk.see("b", 2)
        await until(lambda: any(report.full for report in desk.arrived))
        await until(lambda: not desk.arrived[-1].full)
    [whole] = [report for report in desk.arrived if report.full]
    assert {seen.id for seen in whole.observations} == {"a", "b"}


async def test_only_an_absence_that_is_wished_for_and_settled_is_forgotten(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.wish("gone", 1, present=False)
    desk.wish("going", 2, present=False)
    desk.wish("unsettled", 3, present=False)
    desk.wish("wanted", 4, present=True)
    desk.wish("renewed", 5, present=False)
    async with desk.running():
        desk.see("gone", 1, present=False)
        desk.see("going", 2, present=True, settled=False)
        desk.see("unsettled", 3, present=False, settled=False)
        desk.see("wanted", 4, present=False, settled=False)
        desk.see("renewed", 5, present=False)
        desk.wish("renewed", 6, present=False)
        await until(lambda: not desk.outbox.has((Kind.VOLUME, "gone")))
    kept = {id for _, id in desk.desired.list_keys()}
    assert kept == {"going", "unsettled", "wanted", "renewed"}
    assert desk.outbox.find(Kind.VOLUME, "wanted") is not None


async def test_the_last_words_of_a_guest_come_with_the_news_that_it_is_off(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.wish("s1", 1, present=True, kind=Kind.VM)
    desk.console = b"READY\n"
    async with desk.running():
        await until(lambda: any(report.consoles for report in desk.arrived))
        desk.arrived.clear()
        desk.console += b"power-button\n"
        desk.see("s1", 1, kind=Kind.VM)
        await until(lambda: any(report.observations for report in desk.arrived))
    [report] = [report for report in desk.arrived if report.observations]
    assert [(one.start, one.data) for one in report.consoles] == [(6, b"power-button\n")]


async def test_a_password_is_told_until_it_has_arrived(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.is_away = True
    posted = GuestPassword(server_id="s1", password="sealed")
    desk.passwords.append(posted)
    task = asyncio.create_task(desk.reporter.run(heartbeat_s=60))
    try:
        await asyncio.sleep(0.1)
        assert desk.passwords == [posted]
        desk.is_away = False
        async with asyncio.timeout(10):
            while desk.passwords:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.01)
        assert [report.passwords for report in desk.arrived if report.passwords] == [[posted]]
    finally:
        task.cancel()


async def test_a_password_that_was_taken_back_is_told_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.is_away = True
    desk.passwords.append(GuestPassword(server_id="s1", password="sealed"))
    async with desk.running():
        await until(lambda: desk.looks_for_passwords == 1)
        desk.passwords.clear()
        await until(lambda: desk.looks_for_passwords == 2)
        desk.is_away = False
        await until(lambda: desk.arrived)
    assert desk.arrived[0].passwords == []


async def test_no_guest_silences_its_host_with_what_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.wish("s1", 1, present=True, kind=Kind.VM)
    desk.refuses = lambda report: b"bad" in b"".join(one.data for one in report.consoles)
    async with desk.running(0.02):
        desk.see("s1", 1, kind=Kind.VM)
        await until(lambda: any(report.observations for report in desk.arrived))
        desk.console = b"bad"
        await until(lambda: desk.reporter._pieces)
        desk.see("s1", 2, kind=Kind.VM)
        await until(lambda: any(one.generation == 2 for one in desk.arrived[-1].observations))
        desk.console += b" good"
        await until(lambda: any(report.consoles for report in desk.arrived))
        # A guest that posts it again and again holds up every other report, not all.
        desk.refuses = lambda report: report.passwords
        desk.passwords.append(GuestPassword(server_id="s1", password="refused"))
        await until(lambda: desk.looks_for_passwords == 3)
        desk.arrived.clear()
        await until(lambda: len(desk.arrived) > 2)
    told = [one.data for report in desk.arrived for one in report.consoles]
    assert b"bad" not in b"".join(told)


async def test_a_new_run_follows_the_last_and_counts_its_reports(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run = 6
    async with desk.running(0.02):
        desk.see("a", 1)
        await until(lambda: len(desk.arrived) > 2)
    numbers = [(report.run, report.number) for report in desk.arrived]
    assert numbers == [(7, number + 1) for number in range(len(numbers))]
    assert {seen.id for seen in desk.arrived[0].observations} == {"a"}


async def test_what_guests_use_is_told_once_and_lost_with_its_report(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running(0.01):
        await until(lambda: desk.arrived)
        desk.arrived.clear()
        desk.counts = [GuestCounts(server_id="s", cpu_s=1.5)]
        await until(lambda: len(desk.arrived) > 4)
        told = [report.counts for report in desk.arrived if report.counts is not None]
        assert told == [[GuestCounts(server_id="s", cpu_s=1.5)]]
        desk.is_away = True
        desk.counts = [GuestCounts(server_id="s", cpu_s=2.5)]
        await until(lambda: desk.counts is None)
        await asyncio.sleep(0.05)
        desk.arrived.clear()
        desk.is_away = False
        await until(lambda: len(desk.arrived) > 2)
        assert not any(report.counts for report in desk.arrived)


async def test_a_second_passes_between_looks_for_passwords(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.running():
        await asyncio.sleep(0.6)
    assert desk.looks_for_passwords == 1
