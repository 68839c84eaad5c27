"""What is PostgreSQL's alone: a server that is away, writers of one process, readers that read."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from databases import MIGRATED
from pilvi.core.db import open_database
from pilvi.core.db.postgres import CONNECTIONS_MAX
from pilvi.errors import Unavailable
from postgres import postgres_server

HELD = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND query LIKE '%advisory_xact_lock%' AND pid <> pg_backend_pid()"
)


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    db = open_database(f"postgresql://postgres@/none?host={tmp_path}")
    for way in (db.read, db.write):
        with pytest.raises(Unavailable, match="database"):
            async with way():
                raise AssertionError
    await db.close()


async def test_a_server_that_goes_is_unavailable_and_used_again_when_it_is_back() -> None:
    with postgres_server() as server:
        db = open_database(server.url.format(name="postgres"))
        with pytest.raises(Unavailable):
            async with db.write() as tx:
                await tx.scalar(text("SELECT 1"))
                await asyncio.to_thread(server.stop)
                await tx.scalar(text("SELECT 1"))
        with pytest.raises(Unavailable):
            async with db.read():
                pass
        await asyncio.to_thread(server.start)
        async with db.read() as tx:
            assert await tx.scalar(text("SELECT 1")) == 1
        await db.close()


async def test_writers_that_wait_hold_no_connection(postgres_url: str) -> None:
    db = open_database(postgres_url.format(name=MIGRATED))
    order: list[int] = []

    async def write(number: int) -> None:
        async with db.write():
            order.append(number)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(db.write())
        waiting = [asyncio.create_task(write(number)) for number in range(3 * CONNECTIONS_MAX)]
        await asyncio.sleep(0.1)
        # A reader is served although more writers wait than there may be connections.
        async with asyncio.timeout(20), db.read() as tx:
            assert await tx.scalar(HELD) == 1 and not order
    await asyncio.gather(*waiting)
    assert order == list(range(3 * CONNECTIONS_MAX))
    await db.close()


async def test_two_processes_write_in_turn(postgres_url: str) -> None:
    one, other = (open_database(postgres_url.format(name=MIGRATED)) for _ in range(2))
    seen: list[str] = []

    async def write() -> None:
        async with other.write():
            seen.append("other")

    async with one.write():
        task = asyncio.create_task(write())
        await asyncio.sleep(0.2)
        seen.append("one")
    await task
    assert seen == ["one", "other"]
    for db in (one, other):
        await db.close()


async def test_a_reader_cannot_change_anything(postgres_url: str) -> None:
    db = open_database(postgres_url.format(name=MIGRATED))
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.read() as tx:
            await tx.run(text("DELETE FROM hosts"))
    await db.close()
