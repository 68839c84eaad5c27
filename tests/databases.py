"""Fresh databases for store tests, on both engines, from a template each."""

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

TEMPLATE = "pilvi_template"


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
async def fresh_postgres(url: str, name: str) -> AsyncIterator[Database]:
    """A PostgreSQL database copied from the migrated template."""
    await _run_admin(url, f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')
    db = open_database(url.format(name=name))
    try:
        yield db
    finally:
        await db.close()
        await _run_admin(url, f'DROP DATABASE "{name}"')


def make_postgres_template(url: str) -> None:
    """The migrated, empty database that others are copied from."""

    def make() -> None:
        asyncio.run(_run_admin(url, f"CREATE DATABASE {TEMPLATE}"))
        upgrade_database(url.format(name=TEMPLATE))

    # A thread of its own: the fixtures that ask for it already run in an event loop.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(make).result()


async def _run_admin(url: str, statement: str) -> None:
    address = url.format(name="postgres").replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
