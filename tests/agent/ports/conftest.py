"""A small host on the real driver, with guests; everything is removed at the end."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.ports.small_host import SmallHost, fresh_settings
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.purge import purge
from pilvi.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a cloud of its own, of which nothing is left afterwards."""
    settings = fresh_settings(tmp_path)
    yield settings
    purge(settings)


@pytest.fixture
async def host(settings: Settings) -> AsyncIterator[SmallHost]:
    """The reconcilers at work on the real driver."""
    host = SmallHost(settings, LinuxPortDriver(settings))
    await host.start()
    yield host
    await host.stop()


@pytest.fixture
async def guests(host: SmallHost, tmp_path: Path) -> AsyncIterator[Guests]:
    """Guests of that host."""
    guests = Guests(host, tmp_path)
    yield guests
    for guest in guests.all:
        with suppress(OSError):
            guest.close()
