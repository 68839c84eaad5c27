"""A cloud with flavors, networks, an image and one host that answers."""

from collections.abc import AsyncIterator

import pytest

from cloud import Cloud
from compute.servers import ComputeCloud
from fake_host import running_agent
from image_files import create_active, make_qcow2
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.compute.operations.seed import seed_compute
from pilvi.network.operations.seed import seed_network


@pytest.fixture
async def seeded(cloud: Cloud) -> Cloud:
    """A cloud with everything that a new one has, without hosts."""
    ids = cloud.project_ids
    async with cloud.db.write() as tx:
        await seed_network(tx, cloud.settings, ids["admin"], ids["demo"])
        await seed_block_storage(tx)
        await seed_compute(tx)
    return cloud


@pytest.fixture
async def compute(seeded: Cloud) -> AsyncIterator[ComputeCloud]:
    """A cloud with an image and one host."""
    async with running_agent(seeded) as agent:
        image = await create_active(seeded, make_qcow2(), disk_format="qcow2", name="small")
        yield ComputeCloud(seeded, agent, image["id"])
