"""Database revisions, run by Alembic, and `upgrade_database` that runs them.

From r0003 on a revision only adds, so that processes of the release before serve the newer schema
while they are replaced one by one; tests/migrations/test_rule.py holds each one against it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from pilvi.core.db.engine import create_sqlite_engine
from pilvi.errors import Internal

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger()
Answer = TypeVar("Answer")


def upgrade_database(url: str) -> None:
    """Bring the database at a SQLAlchemy URL to the newest revision. Repeatable.

    Writers wait meanwhile, and of several processes that begin together one does it. A database
    that a newer release has brought further is left as it is.
    """
    run_alone(url, upgrade)


def read_revision(url: str) -> str | None:
    """The revision of a database; None for one without tables of ours."""
    return run_alone(url, find_revision)


def newest_revision() -> str:
    """The newest revision that this release knows."""
    return list_revisions()[-1]


def run_alone(url: str, work: Callable[[Connection], Answer]) -> Answer:
    """Run work in one transaction, while nobody else writes."""
    if make_url(url).get_backend_name() != "sqlite":
        return asyncio.run(_run_alone_on_postgres(url, work))
    engine = create_sqlite_engine(url)
    try:
        with engine.connect() as connection:
            # SQLite changes a table by making it anew: what refers to it is looked at after all.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            answer = work(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise Internal(f"cannot change the database: rows refer to nothing: {broken[:3]}")
            connection.exec_driver_sql("COMMIT")
        return answer
    finally:
        engine.dispose()


async def _run_alone_on_postgres(url: str, work: Callable[[Connection], Answer]) -> Answer:
    from sqlalchemy.ext.asyncio import create_async_engine  # only where PostgreSQL is used

    from pilvi.core.db.postgres import WRITER_LOCK

    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision inside the caller's transaction."""
    from alembic import command  # late: only clouds with a history need it

    found = find_revision(connection)
    if found is not None and found not in list_revisions():
        log.warning("the database is of a newer release, which this one serves", revision=found)
        return
    command.upgrade(make_config(connection), "head")


def mark_newest(connection: Connection) -> None:
    """Write into a database whose tables were made as they are now that it is of the newest."""
    from alembic import command

    command.stamp(make_config(connection), "head")


def find_revision(connection: Connection) -> str | None:
    """The revision of the database behind a connection."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def list_revisions() -> list[str]:
    """The revisions that this release knows, oldest first."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(make_config(None))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def make_config(connection: Connection | None) -> "Config":
    """Alembic's configuration: our scripts, over an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
