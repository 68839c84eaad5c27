"""A cloud with flavors, networks, an image and one host that answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import Cloud, running_cloud
from compute.servers import ComputeCloud
from fake_host import running_agent
from image_files import create_active, make_qcow2
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.compute.operations.seed import seed_compute
from pilvi.network.operations.seed import seed_network


async def seed(cloud: Cloud) -> None:
    """Everything that a new cloud has, without hosts."""
    ids = cloud.project_ids
    async with cloud.db.write() as tx:
        await seed_network(tx, cloud.settings, ids["admin"], ids["demo"])
        await seed_block_storage(tx)
        await seed_compute(tx)


async def seed_with_image(cloud: Cloud) -> None:
    """Everything that a new cloud has, and an image that every flavor can hold."""
    await seed(cloud)
    await create_active(cloud, make_qcow2(), disk_format="qcow2", name="small")


@pytest.fixture
async def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    """The cloud of `seeded` or of `compute`, whichever the test asks for."""
    prepare = seed_with_image if "compute" in request.fixturenames else seed
    async with running_cloud(tmp_path, prepare) as running:
        yield running


@pytest.fixture
def seeded(cloud: Cloud) -> Cloud:
    """A cloud with everything that a new one has, without hosts."""
    return cloud


@pytest.fixture
async def compute(cloud: Cloud) -> AsyncIterator[ComputeCloud]:
    """A cloud with an image and one host."""
    async with running_agent(cloud) as agent:
        images = (await cloud.call("GET", "/image/v2/images?name=small")).json()["images"]
        yield ComputeCloud(cloud, agent, images[0]["id"])
