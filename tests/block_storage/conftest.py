"""Fixtures of block storage."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import Cloud, nothing_more, running_cloud
from fake_hosts import FakeHost, add_host
from pilvi.block_storage.operations.seed import seed_block_storage


async def seed(cloud: Cloud) -> None:
    """The volume type that a new cloud has."""
    async with cloud.db.write() as tx:
        await seed_block_storage(tx)


@pytest.fixture
async def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    """A cloud without hosts; it has a volume type when the test asks for `host`."""
    prepare = seed if "host" in request.fixturenames else nothing_more
    async with running_cloud(tmp_path, prepare) as running:
        yield running


@pytest.fixture
async def host(cloud: Cloud) -> FakeHost:
    """A host that can keep volumes, in a cloud with the default volume type."""
    return await add_host(cloud.db)
