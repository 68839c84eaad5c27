"""A cloud of the release before is upgraded while its processes go on writing.

Nothing of that release's code is left but its tables, as revision 0002 makes them: the old process
is one that reads and writes by definitions reflected from there.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Table, func, insert, select, update

from cloud import running_cloud, take_snapshot
from cloud_databases import SQLITE_FILE
from compute.conftest import seed_with_image
from databases import run_admin
from pilvi.core.db import Database, open_database
from pilvi.migrations import (
    find_revision,
    make_config,
    newest_revision,
    run_alone,
    upgrade_database,
)

RELEASED = "0002"
SECONDS = 1.0


def make_released(connection: Connection) -> MetaData:
    """The tables of the release before in an empty database; returns their definitions."""
    command.upgrade(make_config(connection), RELEASED)
    tables = MetaData()
    tables.reflect(connection)
    tables.remove(tables.tables["alembic_version"])
    return tables


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/old.db"
        return
    pattern: str = request.getfixturevalue("postgres_url")
    name = f"old_{uuid.uuid4().hex[:8]}"
    await run_admin(pattern, f"CREATE DATABASE {name}")
    yield pattern.format(name=name)
    await run_admin(pattern, f"DROP DATABASE {name} WITH (FORCE)")


async def fill(directory: Path, url: str, tables: MetaData) -> None:
    """What a whole cloud keeps, as far as the release before had a place for it."""
    snapshot = await take_snapshot(seed_with_image)
    snapshot.write(directory)
    source, target = open_database(f"sqlite:///{directory / SQLITE_FILE}"), open_database(url)
    async with source.read() as reading, target.write() as writing:
        for table in tables.sorted_tables:
            rows = await reading.all(select(table))
            if rows:
                await writing.run(insert(table), [dict(row._mapping) for row in rows])
    await source.close()
    await target.close()


@dataclass
class OldProcess:
    """Writes and reads as the release before did, and remembers what was acknowledged."""

    db: Database
    projects: Table
    made: list[str] = field(default_factory=list)
    is_over: bool = False

    async def run(self) -> None:
        """Go on until told to stop."""
        async with self.db.read() as tx:
            row = await tx.first(select(self.projects).where(self.projects.c.name == "demo"))
        assert row is not None
        while not self.is_over:
            id = uuid.uuid4().hex
            async with self.db.write() as tx:
                values = {**row._mapping, "id": id, "name": id}
                await tx.run(insert(self.projects).values(**values))
            mine = self.projects.c.id == id
            async with self.db.write() as tx:
                await tx.run(update(self.projects).where(mine).values(description="changed"))
            async with self.db.read() as tx:
                found = await tx.first(select(self.projects).where(mine))
            assert found is not None and found.description == "changed"
            self.made.append(id)
            await asyncio.sleep(0.002)


async def test_old_processes_write_on_and_a_new_one_serves_it_all(url: str, tmp_path: Path) -> None:
    tables = await asyncio.to_thread(run_alone, url, make_released)
    await fill(tmp_path, url, tables)
    db = open_database(url)
    old = OldProcess(db, tables.tables["identity_projects"])
    writing = asyncio.create_task(old.run())
    await asyncio.sleep(SECONDS / 2)
    before = len(old.made)
    # Two new processes begin at once.
    both = [asyncio.to_thread(upgrade_database, url) for _ in range(2)]
    await asyncio.gather(*both)
    assert await asyncio.to_thread(run_alone, url, find_revision) == newest_revision()
    async with AsyncExitStack() as stack:
        after = len(old.made)
        running = running_cloud(tmp_path, seed_with_image, database_url=url)
        cloud = await stack.enter_async_context(running)
        await asyncio.sleep(SECONDS / 2)
        old.is_over = True
        await writing
        assert 0 < before <= after < len(old.made)
        listed = (await cloud.call("GET", "/identity/v3/projects", user="admin")).json()
        names = {project["name"] for project in listed["projects"]}
        assert {"admin", "demo", "service", *old.made} <= names
        images = (await cloud.call("GET", "/image/v2/images")).json()["images"]
        assert [image["name"] for image in images] == ["small"]
        flavors = (await cloud.call("GET", "/compute/v2.1/flavors")).json()["flavors"]
        assert "p1.nano" in {flavor["name"] for flavor in flavors}
        body = {"keypair": {"name": "new"}}
        made = await cloud.call("POST", "/compute/v2.1/os-keypairs", body)
        assert made.status_code == 200, made.text
    await db.close()


async def test_a_process_of_the_release_before_starts_on_a_newer_schema(url: str) -> None:
    """Its `upgrade_database` leaves a revision alone that it does not know."""

    def move_on(connection: Connection) -> None:
        command.upgrade(make_config(connection), "head")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    await asyncio.to_thread(run_alone, url, move_on)
    await asyncio.to_thread(upgrade_database, url)
    assert await asyncio.to_thread(run_alone, url, find_revision) == "9999"
    db = open_database(url)
    async with db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(Table("hosts", MetaData()))) == 0
    await db.close()
