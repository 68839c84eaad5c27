"""A busy initiator goes on, without an error, through what happens to its volume's service."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import msgspec
import pytest

from fake_images import FakeImages
from iscsi import MIB, make_export, make_settings, writing
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.tgt import TgtVolumeDriver, end_service
from pilvi.agent.volumes.tgt_service import TgtService
from pilvi.core.reconcile import Loop
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.volumes import Export, VolumeSpec
from pilvi.settings import Settings

pytestmark = pytest.mark.root


class Host:
    """The volumes part of an agent on the real driver."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.desired = DesiredState(settings.agent_dir / "desired")
        self.outbox = Outbox()
        self.driver = TgtVolumeDriver(settings)
        context = AgentContext(settings, self.desired, self.outbox, self._wake)
        self.reconciler, *others = build_volume_reconcilers(context, self.driver, FakeImages())
        self.loop = Loop([self.reconciler, *others])

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    async def wish(self, size: int, export: Export) -> None:
        """Wish for a volume and wait until it is so."""
        spec = VolumeSpec(volume_id="v", project_id="p", size_bytes=size, exports=[export])
        generation = self.desired.revision + 1
        assignment = Assignment(
            kind=Kind.VOLUME,
            id="v",
            generation=generation,
            revision=generation,
            present=True,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        self.desired.apply(Desired(host_id="h", revision=generation, assignments=[assignment]))
        self.loop.wake(Kind.VOLUME, "v")
        async with asyncio.timeout(10):
            while True:
                told = self.outbox.find(Kind.VOLUME, "v")
                if told is not None and told.settled and told.generation == generation:
                    return
                await asyncio.sleep(0.002)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    with make_settings() as settings:
        host = Host(settings)
        tasks = [
            asyncio.create_task(host.loop.run()),
            asyncio.create_task(host.reconciler.watch()),
        ]
        await asyncio.sleep(0)
        yield host
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await host.driver.close()


async def test_a_killed_service_costs_a_busy_guest_only_time(host: Host) -> None:
    export = make_export()
    await host.wish(64 * MIB, export)
    async with writing(host.settings, export, 40_000) as guest:
        await asyncio.sleep(0.3)
        assert guest.returncode is None
        pid = TgtService(host.settings).find_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            words, _ = await guest.communicate()
        assert guest.returncode == 0, words
    assert TgtService(host.settings).find_pid() not in (None, pid)


async def test_a_volume_grows_under_a_busy_guest(host: Host) -> None:
    """A unit whose file is opened anew in place fails the requests of that moment."""
    export = make_export()
    await host.wish(64 * MIB, export)
    async with writing(host.settings, export, 40_000) as guest:
        for size in (96, 128):
            await asyncio.sleep(0.3)
            assert guest.returncode is None
            await host.wish(size * MIB, export)
        async with asyncio.timeout(30):
            words, _ = await guest.communicate()
        assert guest.returncode == 0, words
    seen = await host.driver.observe("v")
    assert [target.size_bytes for target in seen.targets] == [128 * MIB]


async def test_a_service_ended_by_hand_comes_back_and_keeps_its_bytes(host: Host) -> None:
    await host.wish(8 * MIB, make_export())
    file = host.settings.agent_dir / "volumes" / "v.raw"
    file.write_bytes(b"x" * 4096 + bytes(8 * MIB - 4096))
    await asyncio.to_thread(end_service, host.settings)
    async with asyncio.timeout(20):
        while not (await host.driver.observe("v")).targets:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert file.read_bytes()[:4096] == b"x" * 4096
