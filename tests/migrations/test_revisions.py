"""The revisions give exactly the tables that the code knows, on both databases."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from databases import MIGRATED
from pilvi.migrations import upgrade_database
from pilvi.migrations.tables import metadata

INSERT = (
    "INSERT INTO identity_domains (id, name, description, enabled, epoch, tags, options, extra) "
    "VALUES ('d', 'D', '', 1, 0, '[]', '{}', '{}')"
)


def _differences(connection: Connection) -> Sequence[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_sqlite_has_the_tables_and_upgrading_again_keeps_the_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    upgrade_database(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        assert _differences(connection) == []
        connection.execute(text(INSERT))
    upgrade_database(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM identity_domains")).all() == [("d",)]
    engine.dispose()


async def test_postgres_has_the_tables(postgres_url: str) -> None:
    address = postgres_url.format(name=MIGRATED)
    engine = create_async_engine(address.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
