"""Backups of clouds on PostgreSQL: one moment of one that runs, put back on either database."""

import asyncio
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from sqlalchemy import insert, select

from commands.kept_cloud import add_blob, kept_cloud
from databases import run_admin_now
from pilvi.commands.backup import SQLITE, run_backup, run_restore
from pilvi.commands.prepare import prepare_cloud
from pilvi.compute.store.tables import quotas
from pilvi.core.db import open_database
from pilvi.errors import Conflict, InvalidRequest, Unsupported
from pilvi.migrations import upgrade_database
from pilvi.migrations.copy import copy_database
from pilvi.migrations.tables import metadata
from pilvi.settings import Settings, load_settings, save_settings

QUIET = Console(quiet=True)
Rows = dict[str, list[tuple[object, ...]]]


def new_database(postgres_url: str) -> str:
    """URL of a database that was just made."""
    name = f"b{uuid.uuid4().hex[:12]}"
    run_admin_now(postgres_url, f"CREATE DATABASE {name}")
    return postgres_url.format(name=name)


def read_rows(url: str) -> Rows:
    async def read() -> Rows:
        db = open_database(url)
        try:
            async with db.read() as tx:
                return {
                    table.name: sorted(
                        (tuple(one) for one in await tx.all(select(table))), key=repr
                    )
                    for table in metadata.sorted_tables
                }
        finally:
            await db.close()

    return asyncio.run(read())


@pytest.fixture
def kept(postgres_url: str) -> Iterator[Settings]:
    """A cloud on PostgreSQL with an image."""
    with kept_cloud() as settings:
        url = new_database(postgres_url)
        upgrade_database(url)
        asyncio.run(copy_database(settings.database, url))
        (settings.api_dir / "pilvi.db").unlink()
        moved = msgspec.structs.replace(settings, database_url=url)
        save_settings(moved)
        add_blob(moved)
        yield moved


def test_it_comes_back_on_either_database(
    kept: Settings, tmp_path: Path, postgres_url: str
) -> None:
    archive, before = tmp_path / "backup.tar", read_rows(kept.database)
    run_backup(kept, archive, QUIET)
    assert not list(kept.api_dir.glob("backup-*")), "nothing is left of the making"
    other = new_database(postgres_url)
    run_restore(archive, tmp_path / "other", QUIET, other)
    assert read_rows(other) == before
    assert load_settings(tmp_path / "other").database_url == other
    assert not list((tmp_path / "other" / "api").glob("pilvi.db*")), "there is one database"
    run_restore(archive, tmp_path / "file", QUIET, SQLITE)
    assert load_settings(tmp_path / "file").database_url == ""
    assert read_rows(f"sqlite:///{tmp_path}/file/api/pilvi.db") == before
    for name in ("other", "file"):
        blobs = tmp_path / name / "api" / "images" / "blobs"
        assert [path.name for path in blobs.iterdir()] == [
            path.name for path in (kept.api_dir / "images" / "blobs").iterdir()
        ]


def test_a_backup_of_sqlite_comes_back_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with kept_cloud() as settings:
        add_blob(settings)
        before, archive = read_rows(settings.database), tmp_path / "backup.tar"
        run_backup(settings, archive, QUIET)
        url = new_database(postgres_url)
        run_restore(archive, settings.state, QUIET, url)
        assert read_rows(url) == before
        prepare_cloud(load_settings(settings.state))


def test_a_database_that_is_not_empty_is_left_alone(kept: Settings, tmp_path: Path) -> None:
    archive, before = tmp_path / "backup.tar", read_rows(kept.database)
    run_backup(kept, archive, QUIET)
    with pytest.raises(Conflict, match="not empty"):
        run_restore(archive, tmp_path / "bare", QUIET)
    assert list((tmp_path / "bare").iterdir()) == []
    assert read_rows(kept.database) == before


def test_what_is_no_database_is_refused(kept: Settings, tmp_path: Path) -> None:
    run_backup(kept, tmp_path / "backup.tar", QUIET)
    with pytest.raises(InvalidRequest, match="cannot read the URL"):
        run_restore(tmp_path / "backup.tar", tmp_path / "bare", QUIET, "mysql://there/cloud")
    shared = msgspec.structs.replace(kept, shared_dir=str(tmp_path))
    with pytest.raises(Unsupported, match="shared directory"):
        run_backup(shared, tmp_path / "other.tar", QUIET)


def test_a_copy_of_a_cloud_that_is_written_to_is_of_one_moment(
    kept: Settings, tmp_path: Path
) -> None:
    """While the tables are copied one after the other, the last of them gets rows."""
    before, target = read_rows(kept.database), f"sqlite:///{tmp_path}/copy.db"
    upgrade_database(target)
    written = []

    async def write() -> None:
        db = open_database(kept.database)
        async with db.write() as tx:
            row = {"project_id": f"p{len(written)}", "resource": "cores", "limit": 1}
            await tx.run(insert(quotas).values(row))
        await db.close()

    def say(table: str, rows: int) -> None:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(asyncio.run, write()).result()
        written.append(table)

    asyncio.run(copy_database(kept.database, target, say, is_live=True))
    assert len(written) == len(metadata.sorted_tables)
    assert len(read_rows(kept.database)[quotas.name]) == len(written)
    assert read_rows(target) == before
