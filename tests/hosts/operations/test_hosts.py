"""Hosts that are forced down, and hosts that are forgotten."""

import datetime
import math

import pytest
from sqlalchemy import func, select

from pilvi.core.db import Database, now
from pilvi.errors import Conflict, NotFound, Unauthenticated
from pilvi.host_api.contract import (
    ConsoleOutput,
    GuestCounts,
    HostFacts,
    Kind,
    Observation,
    Report,
)
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations import hosts as operations
from pilvi.hosts.operations.assignments import assign, find_held, read_console, withdraw
from pilvi.hosts.store import consoles as store
from pilvi.hosts.store.tables import guest_samples


async def test_a_forced_host_is_down_until_it_is_not(db: Database) -> None:
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        for is_down in (True, False):
            await operations.force_down(tx, host.id, is_down)
            assert (await operations.get_host(tx, host.id)).forced_down is is_down


async def test_a_host_that_holds_something_is_kept(db: Database) -> None:
    spec = AddressSetSpec(set_id="a", addresses=[])
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        await assign(tx, host.id, Kind.ADDRESS_SET, "a", spec, owner=("x", "y"))
        with pytest.raises(Conflict, match="1 of kind address_set"):
            await operations.remove_host(tx, host)
        await withdraw(tx, Kind.ADDRESS_SET, "a", host.id)
        await operations.remove_host(tx, host)
        with pytest.raises(NotFound):
            await operations.get_host(tx, host.id)
        with pytest.raises(Unauthenticated):
            await operations.authenticate_host(tx, "Bearer secret")


FACTS = HostFacts(
    hostname="one", vcpus=1, memory_mib=1, disk_gib=1, disk_free_gib=1, accelerator="tcg"
)


async def test_a_report_that_comes_late_or_twice_undoes_nothing(db: Database) -> None:
    spec = AddressSetSpec(set_id="a", addresses=[])

    async def tell(run: int, number: int, *, settled: bool) -> tuple[int, bool]:
        seen = Observation(
            kind=Kind.ADDRESS_SET, id="a", generation=1, present=True, settled=settled
        )
        report = Report(facts=FACTS, observations=[seen], run=run, number=number)
        async with db.write() as tx:
            host = await operations.authenticate_host(tx, "Bearer secret")
            followed = await operations.record_report(tx, host, report)
            held = await find_held(tx, Kind.ADDRESS_SET, "a")
        assert held is not None
        return followed, held.is_settled

    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        await assign(tx, host.id, Kind.ADDRESS_SET, "a", spec, owner=("x", "y"))
    # A run that does not know its number learns it, and is not taken before.
    assert await tell(0, 1, settled=True) == (0, False)
    assert await tell(1, 2, settled=True) == (1, True)
    assert await tell(1, 1, settled=False) == (1, True)
    assert await tell(1, 2, settled=False) == (1, True)
    assert await tell(2, 1, settled=False) == (2, False)
    assert await tell(1, 9, settled=True) == (2, False)
    # An agent of an older release does not count.
    assert await tell(0, 0, settled=True) == (0, True)


async def test_a_run_that_jumps_does_not_lock_the_agent_out(db: Database) -> None:
    async def tell(run: int) -> int:
        async with db.write() as tx:
            host = await operations.authenticate_host(tx, "Bearer secret")
            report = Report(facts=FACTS, run=run, number=1)
            return await operations.record_report(tx, host, report)

    async with db.write() as tx:
        await operations.enrol_host(tx, "one", "secret")
    for jump in (2, 2**31 - 1, 2**63 - 1):
        assert await tell(jump) == 0
    # The agent learns which run is followed and calls itself the next.
    assert [await tell(run) for run in (0, 1, 3, 2)] == [0, 1, 1, 2]


async def test_a_console_of_more_than_two_gib_is_kept(db: Database) -> None:
    start = 2**31 + store.KEPT_BYTES
    pieces = [(start, b"long "), (start + 5, b"ago")]
    impossible = [(-1, b"x"), (2**63 - 1, b"x"), (2**70, b"x")]
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        spec = AddressSetSpec(set_id="s", addresses=[])
        await assign(tx, host.id, Kind.VM, "s", spec, owner=("x", "y"))
        said = [
            ConsoleOutput(server_id="s", start=start, data=data)
            for start, data in (*pieces, *impossible)
        ]
        await operations.record_report(tx, host, Report(facts=FACTS, consoles=said))
    async with db.read() as tx:
        assert await read_console(tx, "s") == b"long ago"


async def test_figures_that_cannot_be_are_left_out(db: Database) -> None:
    good = GuestCounts(server_id="good", cpu_s=1.0, read_bytes=2**63 - 1)
    bad = [
        GuestCounts(server_id="s", cpu_s=cpu_s, sent_bytes=sent)
        for cpu_s, sent in ((-1.0, 0), (math.nan, 0), (math.inf, 0), (1.0, -1), (1.0, 2**63))
    ]
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        for id in ("good", "s"):
            spec = AddressSetSpec(set_id=id, addresses=[])
            await assign(tx, host.id, Kind.VM, id, spec, owner=("x", "y"))
        report = Report(facts=FACTS, counts=[*bad, good])
        await operations.record_report(tx, host, report, usage_kept_s=3600)
    async with db.read() as tx:
        since = now() - datetime.timedelta(seconds=60)
        assert list((await operations.list_counts(tx, since)).values()) == [good]
        assert len(await operations.list_samples(tx, host.id, "good")) == 1
        assert await operations.list_samples(tx, host.id, "s") == []


async def test_what_guests_use_is_kept_as_it_was_told_last(db: Database) -> None:
    async def tell(number: int, counts: list[GuestCounts] | None) -> None:
        async with db.write() as tx:
            host = await operations.authenticate_host(tx, "Bearer secret")
            report = Report(facts=FACTS, counts=counts, run=1, number=number)
            await operations.record_report(tx, host, report)

    async def kept(since_s: float = -60) -> list[GuestCounts]:
        async with db.read() as tx:
            since = now() + datetime.timedelta(seconds=since_s)
            return list((await operations.list_counts(tx, since)).values())

    one, two = (GuestCounts(server_id="s", cpu_s=cpu_s, read_bytes=7) for cpu_s in (1.5, 2.5))
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
    assert await kept() == []
    await tell(1, [one])
    await tell(3, [two])
    # A report between, and one that comes late.
    await tell(4, None)
    await tell(2, [one])
    assert await kept() == [two]
    assert await kept(since_s=60) == [], "figures that are too old are none"
    await tell(5, [])
    assert await kept() == []
    async with db.write() as tx:
        await operations.remove_host(tx, host)


class Minutes:
    """Hosts that tell of their guests while the clock is set by hand."""

    def __init__(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db = db
        self.moment = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
        monkeypatch.setattr(operations, "now", lambda: self.moment)

    async def enrol(self, name: str, *guests: str) -> HostId:
        """A host that is to hold some guests."""
        async with self.db.write() as tx:
            host = await operations.enrol_host(tx, name, name)
            for id in guests:
                spec = AddressSetSpec(set_id=id, addresses=[])
                await assign(tx, host.id, Kind.VM, id, spec, owner=("x", "y"))
        return host.id

    async def tell(self, name: str, *guests: str, at_s: float, kept_s: int = 120) -> None:
        """Let a host tell of guests at a second."""
        self.moment = self.moment.replace(minute=int(at_s // 60), second=int(at_s % 60))
        counts = [GuestCounts(server_id=id, cpu_s=at_s) for id in guests]
        async with self.db.write() as tx:
            host = await operations.authenticate_host(tx, f"Bearer {name}")
            await operations.record_report(tx, host, Report(facts=FACTS, counts=counts), kept_s)

    async def kept(self, host_id: HostId, server_id: str) -> list[float]:
        """The seconds at which a host told of a guest."""
        async with self.db.read() as tx:
            found = await operations.list_samples(tx, host_id, server_id)
        return [counts.cpu_s for _, counts in found]

    async def count(self) -> int:
        """How many samples there are."""
        async with self.db.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(guest_samples)))


@pytest.fixture
def minutes(db: Database, monkeypatch: pytest.MonkeyPatch) -> Minutes:
    return Minutes(db, monkeypatch)


async def test_the_first_figures_of_each_minute_are_kept_for_a_while(minutes: Minutes) -> None:
    host = await minutes.enrol("one", "s", "t")
    for second in (58, 59, 61, 66, 119, 125, 180):
        await minutes.tell("one", "s", "t", "s", at_s=second)
    assert await minutes.kept(host, "s") == await minutes.kept(host, "t") == [61, 125, 180]
    await minutes.tell("one", "s", at_s=240, kept_s=0)
    assert await minutes.count() == 0


async def test_a_host_is_believed_of_its_own_guests_alone(minutes: Minutes) -> None:
    host = await minutes.enrol("one", "mine")
    await minutes.enrol("two", "theirs")
    await minutes.tell("one", "mine", "theirs", "nobodys", at_s=0)
    assert await minutes.kept(host, "mine") == [0]
    assert await minutes.count() == 1


async def test_samples_of_guests_and_hosts_that_are_gone_age_too(minutes: Minutes) -> None:
    silent, other = await minutes.enrol("one", "s"), await minutes.enrol("two", "t")
    await minutes.tell("one", "s", at_s=0)
    await minutes.tell("two", "t", at_s=0)
    # A host without guests writes nothing, and forgets what another told that is silent now.
    await minutes.tell("two", at_s=100)
    assert (await minutes.kept(silent, "s"), await minutes.kept(other, "t")) == ([0], [0])
    await minutes.tell("two", at_s=125)
    assert await minutes.count() == 0
    await minutes.tell("two", "t", at_s=180)
    async with minutes.db.write() as tx:
        await withdraw(tx, Kind.VM, "t", other)
        await operations.remove_host(tx, await operations.get_host(tx, other))
    assert await minutes.count() == 0


async def test_a_minute_that_comes_again_changes_nothing(minutes: Minutes) -> None:
    host = await minutes.enrol("one", "s")
    for second in (0, 60, 5, 65, 125):
        await minutes.tell("one", "s", at_s=second, kept_s=3600)
    assert await minutes.kept(host, "s") == [0, 60, 125]
