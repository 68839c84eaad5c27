"""A cloud with its first networks, and one host that answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import Cloud, nothing_more, running_cloud
from fake_host import FakeAgent, running_agent
from network.neutron import Neutron
from pilvi.network.operations.seed import seed_network


async def seed(cloud: Cloud) -> None:
    """The networks that a new cloud has."""
    ids = cloud.project_ids
    async with cloud.db.write() as tx:
        await seed_network(tx, cloud.settings, ids["admin"], ids["demo"])


@pytest.fixture
async def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    """A cloud without hosts; it has networks when the test asks for `neutron`."""
    prepare = seed if "neutron" in request.fixturenames else nothing_more
    async with running_cloud(tmp_path, prepare) as running:
        yield running


@pytest.fixture
def neutron(cloud: Cloud) -> Neutron:
    """A cloud with the networks that a new one has, without hosts."""
    return Neutron(cloud)


@pytest.fixture
async def agent(neutron: Neutron) -> AsyncIterator[FakeAgent]:
    """The cloud's one host, which fulfils every wish."""
    async with running_agent(neutron.cloud) as running:
        yield running
