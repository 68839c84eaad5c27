"""A cloud that moves between databases: the same rows, ids and valid tokens."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from cloud import Cloud, running_cloud
from databases import MIGRATED, emptied_postgres
from pilvi.core.db import open_database
from pilvi.errors import Conflict
from pilvi.hosts.store.tables import consoles
from pilvi.migrations import upgrade_database
from pilvi.migrations.copy import BATCH, copy_database
from pilvi.migrations.tables import metadata


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[str]:
    """URL of an empty, migrated PostgreSQL database."""
    async with emptied_postgres(postgres_url):
        pass
    yield postgres_url.format(name=MIGRATED)
    async with emptied_postgres(postgres_url):
        pass


async def _read_all(url: str) -> dict[str, list[tuple[object, ...]]]:
    db = open_database(url)
    async with db.read() as tx:
        found = {
            table.name: sorted((tuple(row) for row in await tx.all(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
    await db.close()
    return found


async def test_there_and_back_with_the_same_ids_and_valid_tokens(
    tmp_path: Path, postgres: str
) -> None:
    async with running_cloud(tmp_path / "one") as cloud:
        for number in range(3):
            body = {"keypair": {"name": f"k{number}"}}
            assert (await cloud.call("POST", "/compute/v2.1/os-keypairs", body)).status_code == 200
        made = await cloud.call("POST", "/network/v2.0/networks", {"network": {"name": "n"}})
        token, source = await cloud.token(), cloud.settings.database
    before = await _read_all(source)
    assert await copy_database(source, postgres) == sum(map(len, before.values()))
    assert await _read_all(postgres) == before
    await _use(tmp_path / "one", postgres, token, made.json()["network"]["id"])
    back = f"sqlite:///{tmp_path}/back.db"
    await asyncio.to_thread(upgrade_database, back)
    await copy_database(postgres, back)
    assert await _read_all(back) == await _read_all(postgres)


async def _use(directory: Path, url: str, token: str, network_id: str) -> None:
    """The copied cloud takes the old token, shows the old rows and counts on."""
    async with running_cloud(directory, database_url=url) as cloud:
        cloud.tokens[("demo", "demo")] = token
        shown = await cloud.call("GET", f"/network/v2.0/networks/{network_id}")
        assert shown.json()["network"]["name"] == "n"
        reply = await cloud.call("POST", "/compute/v2.1/os-keypairs", {"keypair": {"name": "k9"}})
        assert reply.status_code == 200, reply.text
        listed = await cloud.call("GET", "/compute/v2.1/os-keypairs")
        assert len(listed.json()["keypairs"]) == 4


async def test_a_target_with_rows_is_refused_and_left_alone(cloud: Cloud, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/other.db"
    await asyncio.to_thread(upgrade_database, target)
    await copy_database(cloud.settings.database, target)
    before = await _read_all(target)
    with pytest.raises(Conflict, match="not empty"):
        await copy_database(cloud.settings.database, target)
    assert await _read_all(target) == before


async def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("from", "to")]
    for url in urls:
        await asyncio.to_thread(upgrade_database, url)
    db = open_database(urls[0], durable=False)
    piece, count = bytes(4096), BATCH * 40
    async with db.write() as tx:
        for number in range(0, count, BATCH):
            rows = [{"server_id": "s", "start": number + n, "data": piece} for n in range(BATCH)]
            await tx.run(insert(consoles), rows)
    await db.close()
    tracemalloc.start()
    await copy_database(*urls)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20 < count * len(piece)
    db = open_database(urls[1])
    async with db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(consoles)) == count
    await db.close()
