"""A cloud with a host that answers by itself."""

from collections.abc import AsyncIterator

import pytest

from cloud import Cloud
from fake_host import FakeAgent, running_agent
from pilvi.block_storage.operations.seed import seed_block_storage


@pytest.fixture
async def agent(cloud: Cloud) -> AsyncIterator[FakeAgent]:
    """A host that fulfils what it hears of."""
    async with cloud.db.write() as tx:
        await seed_block_storage(tx)
    async with running_agent(cloud) as agent:
        yield agent
