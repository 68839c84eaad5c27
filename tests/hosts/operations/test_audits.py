"""Audits on the hosts' streams."""

import pytest

from fake_hosts import FakeHost, add_host
from pilvi.core.db import Database
from pilvi.errors import NotFound
from pilvi.host_api.holdings import Holding, HoldingKind, Holdings
from pilvi.hosts.operations.assignments import read_desired
from pilvi.hosts.operations.audits import begin_audit, list_sightings, record_holdings
from pilvi.hosts.operations.hosts import get_host, remove_host

TAP = Holding(kind=HoldingKind.TAP, owner="p", name="tap1")


async def begin(db: Database) -> int:
    async with db.write() as tx:
        return await begin_audit(tx)


async def answer(db: Database, host: FakeHost, audit: int, *items: Holding) -> None:
    async with db.write() as tx:
        known = await get_host(tx, host.id)
        await record_holdings(tx, known, Holdings(audit=audit, items=list(items)))


async def asked(db: Database, host: FakeHost) -> tuple[int, int]:
    async with db.read() as tx:
        desired = await read_desired(tx, await get_host(tx, host.id), 0)
    return desired.revision, desired.audit


async def test_an_audit_stands_on_each_hosts_stream_until_that_host_has_answered(
    db: Database,
) -> None:
    one, two = await add_host(db, "one"), await add_host(db, "two")
    before, none = await asked(db, one)
    assert none == 0
    assert await begin(db) == 1
    for host in (one, two):
        revision, audit = await asked(db, host)
        assert revision > before and audit == 1
    await answer(db, one, 1, TAP)
    assert (await asked(db, one))[1] == 0
    assert (await asked(db, two))[1] == 1
    async with db.read() as tx:
        mine, others = await list_sightings(tx)
    assert mine.answers(1) and mine.holdings is not None and mine.holdings.items == [TAP]
    assert not others.answers(1) and others.told_at is None


async def test_a_late_or_doubled_answer_does_not_take_the_place_of_a_newer_one(
    db: Database,
) -> None:
    host = await add_host(db)
    first, second = await begin(db), await begin(db)
    await answer(db, host, second, TAP)
    await answer(db, host, first)
    await answer(db, host, second + 7)
    await answer(db, host, second, TAP)
    async with db.read() as tx:
        (seen,) = await list_sightings(tx)
    assert seen.holdings == Holdings(audit=second, items=[TAP])


async def test_the_list_of_a_host_that_is_forgotten_goes_with_it(db: Database) -> None:
    host = await add_host(db)
    await answer(db, host, await begin(db), TAP)
    async with db.write() as tx:
        await remove_host(tx, await get_host(tx, host.id))
        assert await list_sightings(tx) == []
        with pytest.raises(NotFound):
            await get_host(tx, host.id)
