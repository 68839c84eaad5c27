"""Fixtures of block storage."""

from collections.abc import AsyncIterator

import pytest

from cloud import Cloud
from fake_hosts import FakeHost, add_host
from pilvi.block_storage.operations.seed import seed_block_storage


@pytest.fixture
async def host(cloud: Cloud) -> AsyncIterator[FakeHost]:
    """A host that can keep volumes, in a cloud with the default volume type."""
    async with cloud.db.write() as tx:
        await seed_block_storage(tx)
    yield await add_host(cloud.db)
