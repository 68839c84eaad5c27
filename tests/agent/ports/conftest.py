"""A small host on the real driver, with guests; everything is removed at the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from agent.ports.small_host import SmallHost, fresh_settings, network, port, uuid
from agent.ports.virtual_guest import VirtualGuest

from pilvi.agent.ports.linux.driver import LinuxPortDriver
from pilvi.agent.ports.linux.purge import purge
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.settings import Settings


class Guests:
    """The virtual guests of one test."""

    def __init__(self, host: SmallHost, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self.all: list[VirtualGuest] = []

    async def boot(self, spec: PortSpec, *, dhcp: bool = True) -> VirtualGuest:
        """Wish for a port, wait for its tap, and put a guest on it."""
        self._host.assign(Kind.PORT, spec.port_id, spec)
        await self._host.settle()
        name = f"{self._host.settings.name_prefix}g{len(self.all)}"
        tap = self._host.driver.open_tap(spec.port_id)
        guest = await asyncio.to_thread(VirtualGuest, name, spec.mac, tap, self._folder)
        self.all.append(guest)
        if dhcp:
            lease = await guest.ask_dhcp()
            assert lease.ok, lease.output
        return guest

    async def pair(self, **changes: object) -> tuple[VirtualGuest, VirtualGuest]:
        """Guests 11 and 12 on network 1; the changes are the second one's."""
        self._host.assign(Kind.NETWORK, uuid(1), network(ports=[11, 12]))
        await self._host.settle()
        return await self.boot(port(11)), await self.boot(port(12, **changes))


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
