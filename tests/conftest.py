"""Fixtures of the whole suite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import Cloud, running_cloud


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """A fresh control plane without hosts."""
    async with running_cloud(tmp_path) as running:
        yield running
