"""Database revisions, run by Alembic, and `upgrade_database` that runs them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from pilvi.core.db.engine import create_sqlite_engine

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade_database(url: str) -> None:
    """Bring the database at a SQLAlchemy URL to the newest revision. Repeatable."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_sqlite_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            upgrade(connection)
            connection.exec_driver_sql("COMMIT")
        engine.dispose()
    else:
        asyncio.run(_upgrade_postgres(url))


async def _upgrade_postgres(url: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine  # only where PostgreSQL is used

    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision inside the caller's transaction."""
    from alembic import command  # late: only clouds with a history need it

    command.upgrade(make_config(connection), "head")


def make_config(connection: Connection) -> "Config":
    """Alembic's configuration: our scripts, over an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
