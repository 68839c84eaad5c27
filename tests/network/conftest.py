"""A cloud with its first networks, and one host that answers."""

from collections.abc import AsyncIterator

import pytest

from cloud import Cloud
from fake_host import FakeAgent, running_agent
from network.neutron import Neutron
from pilvi.network.operations.seed import seed_network


@pytest.fixture
async def neutron(cloud: Cloud) -> Neutron:
    """A cloud with the networks that a new one has, without hosts."""
    ids = cloud.project_ids
    async with cloud.db.write() as tx:
        await seed_network(tx, cloud.settings, ids["admin"], ids["demo"])
    return Neutron(cloud)


@pytest.fixture
async def agent(neutron: Neutron) -> AsyncIterator[FakeAgent]:
    """The cloud's one host, which fulfils every wish."""
    async with running_agent(neutron.cloud) as running:
        yield running
