"""Rows of consoles, on both databases."""

import datetime

from pilvi.compute.model.console import Console
from pilvi.compute.store import consoles as store
from pilvi.core.db import Database, now
from pilvi.host_api.consoles import ConsoleLine

SECOND = datetime.timedelta(seconds=1)


def make(number: int, **changes: object) -> Console:
    moment = now() + number * SECOND
    values = {
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "token_sha256": str(number) * 64,
        "server_id": "s",
        "project_id": "p",
        "user_id": "u",
        "host_id": "h",
        "line": ConsoleLine.SERIAL,
        "started_at": 1_700_000_000.123456,
        "origin": "http://cloud.test",
        "created_at": moment,
        "expires_at": moment + 300 * SECOND,
        **changes,
    }
    return Console(**values)  # type: ignore[arg-type]


async def test_a_console_is_found_by_its_id_and_token(db: Database) -> None:
    one = make(1)
    async with db.write() as tx:
        await store.insert_console(tx, one)
        assert await store.find_console(tx, one.id) == one
        assert await store.find_console_by_token(tx, one.token_sha256) == one
        assert await store.find_console_by_token(tx, "x") is None
        assert await store.list_consoles(tx, [one.id, "x"]) == [one]
        assert await store.list_consoles(tx, []) == []
        for _ in range(2):
            await store.delete_console(tx, one.id)
        assert await store.find_console(tx, one.id) is None


async def test_waiting_and_open_ones_are_told_apart(db: Database) -> None:
    moment = now()
    one, two = make(1), make(2)
    opened = make(3, opened_at=moment, renewed_at=moment)
    elsewhere = make(4, server_id="t", project_id="q", opened_at=moment, renewed_at=moment)
    async with db.write() as tx:
        for console in (one, two, opened, elsewhere):
            await store.insert_console(tx, console)
        assert await store.list_waiting(tx, "s") == [two, one]
        assert await store.count_open(tx, server_id="s") == 1
        assert await store.count_open(tx, project_id="q") == 1
        assert await store.count_open(tx) == 2


async def test_what_expired_or_was_not_renewed_is_listed(db: Database) -> None:
    moment = now()
    old = make(1, expires_at=moment - SECOND)
    young = make(2)
    held = make(3, opened_at=moment, renewed_at=moment)
    lost = make(4, opened_at=moment, renewed_at=moment - 60 * SECOND)
    async with db.write() as tx:
        for console in (old, young, held, lost):
            await store.insert_console(tx, console)
        older = await store.list_older(tx, moment, 30 * SECOND)
        assert sorted(older) == [old.id, lost.id]
        await store.update_consoles(tx, [lost.id], renewed_at=moment)
        assert await store.list_older(tx, moment, 30 * SECOND) == [old.id]


async def test_what_is_from_the_future_is_of_no_known_age(db: Database) -> None:
    """The clock was set back: nobody knows when these end."""
    moment = now() - 3600 * SECOND
    waiting, near = make(1), make(2, created_at=moment + 10 * SECOND)
    held = make(3, opened_at=now(), renewed_at=now())
    async with db.write() as tx:
        for console in (waiting, near, held):
            await store.insert_console(tx, console)
        older = await store.list_older(tx, moment, 30 * SECOND)
        assert sorted(older) == [waiting.id, held.id]
