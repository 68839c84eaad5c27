"""Empty databases for store tests: on SQLite a copy of a migrated file, on PostgreSQL one database.

A database of its own costs PostgreSQL a second of processor time, emptying one a few milliseconds.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from pilvi.core.db import Database, open_database
from pilvi.migrations import upgrade_database
from quick_sql import commit_in_haste

MIGRATED = "pilvi"
# Every row goes and every counter begins anew; nothing is checked, so the order does not matter.
EMPTY = text("""
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
""")


@asynccontextmanager
async def fresh_sqlite(template: Path, directory: Path) -> AsyncIterator[Database]:
    """A SQLite database copied from a migrated one."""
    path = directory / "fresh.db"
    shutil.copy(template, path)
    commit_in_haste(path)
    db = open_database(f"sqlite:///{path}")
    try:
        yield db
    finally:
        await db.close()


def make_sqlite_template(path: Path) -> Path:
    """A migrated, empty SQLite database."""
    upgrade_database(f"sqlite:///{path}")
    return path


@asynccontextmanager
async def emptied_postgres(url: str) -> AsyncIterator[Database]:
    """The migrated PostgreSQL database, without what the test before left in it."""
    db = open_database(url.format(name=MIGRATED))
    try:
        async with db.write() as tx:
            await tx.run(EMPTY)
        yield db
    finally:
        await db.close()


def make_postgres_database(url: str) -> None:
    """The migrated database that tests have in turn."""

    def make() -> None:
        asyncio.run(run_admin(url, f"CREATE DATABASE {MIGRATED}"))
        upgrade_database(url.format(name=MIGRATED))

    # A thread of its own: the fixtures that ask for it already run in an event loop.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(make).result()


async def run_admin(url: str, statement: str) -> None:
    """Run one statement outside a transaction, as the server's owner."""
    address = url.format(name="postgres").replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def run_admin_now(url: str, statement: str) -> None:
    """`run_admin` where no event loop runs."""
    asyncio.run(run_admin(url, statement))
