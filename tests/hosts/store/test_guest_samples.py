"""Rows of what guests used, on both databases."""

import datetime

from pilvi.core.db import Database, Transaction
from pilvi.host_api.contract import GuestCounts
from pilvi.hosts.model.host import HostId
from pilvi.hosts.store import guest_samples as store

ONE, OTHER = HostId("one"), HostId("other")
NOON = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)


def after(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def count(server_id: str, cpu_s: float) -> GuestCounts:
    return GuestCounts(server_id=server_id, cpu_s=cpu_s, read_bytes=1 << 40, sent_bytes=0)


async def seconds_of(tx: Transaction, host_id: HostId, server_id: str) -> list[float]:
    """When a host's samples of a server were taken, in seconds after noon."""
    found = await store.list_samples(tx, host_id, server_id)
    return [(moment - NOON).total_seconds() for moment, _ in found]


async def test_a_guests_samples_are_read_as_its_host_told_them(db: Database) -> None:
    async with db.write() as tx:
        for moment in (after(60.5), after(3)):
            await store.insert_samples(tx, ONE, [count("s", 1.5), count("t", 2.5)], moment)
        await store.insert_samples(tx, OTHER, [count("s", 9.5)], after(61))
    async with db.read() as tx:
        found = await store.list_samples(tx, ONE, "s")
        assert found == [(after(3), count("s", 1.5)), (after(60.5), count("s", 1.5))]
        assert await store.list_samples(tx, OTHER, "s") == [(after(61), count("s", 9.5))]
        assert await store.list_samples(tx, OTHER, "t") == []


async def test_a_host_has_one_sample_a_minute(db: Database) -> None:
    async with db.write() as tx:
        for seconds in (5, 10, 59.9, 60, 10):
            await store.insert_samples(tx, ONE, [count("s", seconds)], after(seconds))
        await store.insert_samples(tx, ONE, [], after(180))
        assert await seconds_of(tx, ONE, "s") == [5, 60]


async def test_what_is_old_goes_whoever_told_it(db: Database) -> None:
    async with db.write() as tx:
        for host in (ONE, OTHER):
            for seconds in (5, 65, 125):
                await store.insert_samples(tx, host, [count("s", 1)], after(seconds))
        # Not the whole minute: what was measured later in it is kept.
        await store.delete_old(tx, after(64))
        assert await seconds_of(tx, OTHER, "s") == [65, 125]
        await store.delete_old(tx, after(65))
        assert await seconds_of(tx, ONE, "s") == await seconds_of(tx, OTHER, "s") == [125]
        for _ in range(2):
            await store.delete_samples(tx, ONE)
        assert await seconds_of(tx, ONE, "s") == []
        assert await seconds_of(tx, OTHER, "s") == [125]
