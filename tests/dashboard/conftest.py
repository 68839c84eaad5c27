"""Fixtures of the dashboard's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashboard.person import Person, World, running_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A fake cloud with one host."""
    async with running_world(tmp_path) as running:
        yield running


@pytest.fixture
async def demo(world: World) -> Person:
    """The user demo, signed in."""
    return await world.person("demo")


@pytest.fixture
async def admin(world: World) -> Person:
    """The user admin, signed in."""
    return await world.person("admin")
