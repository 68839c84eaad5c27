"""The pytest plugin: a fresh OpenStack cloud for each test.

It is loaded by every pytest of an environment that has Pilvi, so it imports nothing of Pilvi until
a fixture is asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openstack.connection import Connection

    from pilvi.testing.server import CloudServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many fake hosts the clouds have."""
    group = parser.getgroup("pilvi")
    words = "fake hosts of the cloud that the fixture pilvi_cloud gives (default: 1)"
    group.addoption("--pilvi-hosts", type=int, default=1, help=words)


@pytest.fixture(scope="session")
def pilvi_server(request: pytest.FixtureRequest) -> Iterator["CloudServer"]:
    """One fake cloud with a port for the whole session; tests share what they leave in it."""
    from pilvi.testing.server import running_server

    with running_server(request.config.getoption("--pilvi-hosts")) as server:
        yield server


@pytest.fixture
def pilvi_cloud(pilvi_server: "CloudServer") -> "CloudServer":
    """A cloud that is fresh for this test: contents, hosts and faults are as at first."""
    pilvi_server.reset()
    return pilvi_server


@pytest.fixture
def pilvi_connection(pilvi_cloud: "CloudServer") -> "Connection":
    """An openstacksdk connection of an ordinary user to a fresh cloud."""
    return pilvi_cloud.connect()


@pytest.fixture
def pilvi_admin(pilvi_cloud: "CloudServer") -> "Connection":
    """An openstacksdk connection of the administrator to a fresh cloud."""
    return pilvi_cloud.connect("admin")
