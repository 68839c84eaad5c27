"""Transactions on both databases."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, literal, select, text

from pilvi.core.db import Database, open_database
from pilvi.core.db.engine import IDLE_READERS, SqliteDatabase, Wake
from pilvi.errors import Conflict, InvalidRequest, Unavailable

INSERT = (
    "INSERT INTO identity_domains (id, name, description, enabled) VALUES (:id, :name, '', true)"
)
COUNT = text("SELECT count(*) FROM identity_domains")


async def _add(db: Database, id: str, name: str) -> None:
    async with db.write() as tx:
        await tx.run(text(INSERT), {"id": id, "name": name})


async def test_commit_rollback_and_wakes(db: Database) -> None:
    woken: list[Wake] = []
    db.on_commit = woken.extend
    async with db.write() as tx:
        await tx.run(text(INSERT), {"id": "a", "name": "a"})
        tx.wake("thing", "a")
        tx.wake("thing", "a")
        assert woken == []
    assert woken == [("thing", "a")]
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await tx.run(text(INSERT), {"id": "b", "name": "b"})
            tx.wake("thing", "b")
            raise RuntimeError
    assert woken == [("thing", "a")]
    async with db.read() as tx:
        assert await tx.scalar(COUNT) == 1


async def test_a_broken_constraint_is_a_conflict(db: Database) -> None:
    await _add(db, "a", "same")
    with pytest.raises(Conflict):
        await _add(db, "b", "same")


async def test_a_value_that_no_column_holds_is_refused_as_the_callers(db: Database) -> None:
    async with db.read() as tx:
        with pytest.raises(InvalidRequest, match="too large"):
            await tx.all(select(literal(2**70, BigInteger)))
    if isinstance(db, SqliteDatabase):
        return
    async with db.read() as tx:
        with pytest.raises(InvalidRequest, match="NUL"):
            await tx.all(select(literal("a\0b")))


async def test_writers_take_turns_and_none_is_lost(db: Database) -> None:
    await asyncio.gather(*(_add(db, str(n), f"name {n}") for n in range(20)))
    async with db.read() as tx:
        assert await tx.scalar(COUNT) == 20


async def test_a_read_sees_one_moment(db: Database) -> None:
    async with db.read() as tx:
        before = await tx.scalar(COUNT)
        await _add(db, "a", "a")
        assert await tx.scalar(COUNT) == before
    async with db.read() as tx:
        assert await tx.scalar(COUNT) == before + 1


async def test_cancelled_while_committing_leaves_a_usable_database(db: Database) -> None:
    for number in range(10):
        task = asyncio.create_task(_add(db, str(number), f"name {number}"))
        await asyncio.sleep(0.0005 * number)
        task.cancel()
        await asyncio.wait([task])
    await _add(db, "last", "last")
    async with db.read() as tx:
        assert await tx.scalar(COUNT) >= 1


async def test_sqlite_promises_durability(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path}/d.db")
    async with db.read() as tx:
        assert await tx.scalar(text("PRAGMA synchronous")) == 2
        assert await tx.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await tx.scalar(text("PRAGMA foreign_keys")) == 1
    await db.close()


async def test_readers_beyond_those_kept_and_after_errors_see_what_is_committed(
    db: Database,
) -> None:
    async with AsyncExitStack() as stack:
        open_at_once = [await stack.enter_async_context(db.read()) for _ in range(IDLE_READERS + 2)]
        before = {await tx.scalar(COUNT) for tx in open_at_once}
        await _add(db, "late", "late")
        assert {await tx.scalar(COUNT) for tx in open_at_once} == before
    with pytest.raises(ValueError, match="own"):
        async with db.read() as tx:
            raise ValueError("own")
    async with db.read() as tx:
        assert {await tx.scalar(COUNT) - 1} == before


async def test_a_full_disk_is_said_and_leaves_a_usable_database(tmp_path: Path) -> None:
    db = SqliteDatabase(f"sqlite:///{tmp_path}/full.db")
    try:
        async with db.write() as tx:
            await tx.run(text("CREATE TABLE filled (data BLOB)"))
            await tx.run(text("PRAGMA max_page_count=8"))
        with pytest.raises(Unavailable, match="its disk is full"):
            # SQLite ends such a transaction itself: there is nothing to roll back any more.
            async with db.write() as tx:
                await tx.run(text("INSERT INTO filled VALUES (zeroblob(1000000))"))
        async with db.write() as tx:
            await tx.run(text("INSERT INTO filled VALUES ('small')"))
        async with db.read() as tx:
            assert await tx.scalar(text("SELECT count(*) FROM filled")) == 1
    finally:
        await db.close()


async def test_while_another_process_writes_all_else_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    db = open_database(f"sqlite:///{path}", durable=False)
    async with db.write() as tx:
        await tx.run(text("CREATE TABLE things (id INTEGER)"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with db.write() as tx:
            await tx.run(text("INSERT INTO things VALUES (1)"))

    waiting = asyncio.create_task(write())
    longest = 0.0
    for _ in range(20):
        began = asyncio.get_running_loop().time()
        async with db.read() as tx:
            assert await tx.scalar(text("SELECT count(*) FROM things")) == 0
        await asyncio.sleep(0.01)
        longest = max(longest, asyncio.get_running_loop().time() - began)
    assert not waiting.done() and longest < 1
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(waiting, 20)
    async with db.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM things")) == 1
    await db.close()
