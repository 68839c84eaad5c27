import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fake_images import FakeImages
from host_server import make_test_settings, until
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.core.reconcile import Limits, Loop
from pilvi.errors import Internal, Unavailable
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation
from pilvi.host_api.volumes import Export, VolumeSeen, VolumeSpec


def export(name: str) -> Export:
    return Export(attachment_id=name, iqn=f"iqn.x:{name}", lun=1, username=name, password="p")


class World:
    """One host's volumes with a loop over them."""

    def __init__(self, folder: Path) -> None:
        self.driver = FakeVolumeDriver()
        self.desired = DesiredState(folder / "desired")
        self.outbox = Outbox()
        settings = make_test_settings(folder)
        context = AgentContext(settings, self.desired, self.outbox, self._wake)
        self.images = FakeImages()
        self.reconciler, *self.others = build_volume_reconcilers(context, self.driver, self.images)
        self.loop = Loop([self.reconciler], Limits(retry_s_min=0.002, retry_s_max=0.01))
        self._revision = 0

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    def wish(self, size: int, *exports: Export, present: bool = True) -> None:
        self._revision += 1
        spec = VolumeSpec(volume_id="v", project_id="p", size_bytes=size, exports=list(exports))
        assignment = Assignment(
            kind=Kind.VOLUME,
            id="v",
            generation=self._revision,
            revision=self._revision,
            present=present,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        self.desired.apply(Desired(host_id="h", revision=self._revision, assignments=[assignment]))
        self.loop.wake(Kind.VOLUME, "v")

    @property
    def told(self) -> Observation | None:
        """What was told of the newest wish."""
        told = self.outbox.find(Kind.VOLUME, "v")
        return told if told is not None and told.generation == self._revision else None

    def is_settled(self) -> bool:
        return self.told is not None and self.told.settled


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    task = asyncio.create_task(world.loop.run())
    watch = asyncio.create_task(world.reconciler.watch())
    await asyncio.sleep(0)
    yield world
    for one in (task, watch):
        one.cancel()
    await asyncio.wait([task, watch])


async def test_the_life_of_a_volume(world: World) -> None:
    world.wish(8)
    await until(world.is_settled)
    assert world.told is not None and world.told.present
    world.wish(8, export("a"), export("b"))
    await until(world.is_settled)
    told = msgspec.json.decode(world.told.seen, type=VolumeSeen)
    assert (told.size_bytes, told.exported) == (8, ["a", "b"])
    world.wish(16, export("b"))
    await until(world.is_settled)
    told = msgspec.json.decode(world.told.seen, type=VolumeSeen)
    assert (told.size_bytes, told.exported) == (16, ["b"])
    world.wish(16, present=False)
    await until(world.is_settled)
    assert not world.told.present and not (await world.driver.observe("v")).is_present


async def test_a_wish_to_shrink_is_refused_for_good(world: World) -> None:
    world.wish(8)
    await until(world.is_settled)
    world.wish(4)
    await until(lambda: world.told and world.told.fault)
    assert world.told is not None and world.told.fault is not None and world.told.fault.terminal
    assert "shrink" in world.told.fault.message
    assert await world.reconciler.list_unsettled() == []
    assert (await world.driver.observe("v")).size_bytes == 8
    world.wish(12)
    await until(world.is_settled)


async def test_a_failing_step_is_told_and_tried_again(world: World) -> None:
    world.driver.failures = [Unavailable("cannot yet"), ValueError("/secret/path")]
    world.wish(8)
    kinds = set()

    def is_done() -> bool:
        if world.told is not None and world.told.fault is not None:
            kinds.add((world.told.fault.kind, world.told.present))
            assert "secret" not in world.told.fault.message
        return world.is_settled()

    await until(is_done)
    assert kinds == {(Unavailable.__name__, True), (Internal.__name__, True)}


async def test_a_removed_volume_whose_removal_fails_counts_as_present(world: World) -> None:
    world.wish(8)
    await until(world.is_settled)
    await world.reconciler.note_failure("v", Unavailable("cannot now"), 1)
    assert world.told is not None and world.told.present and not world.told.settled
    assert await world.reconciler.list_unsettled() == ["v"]


async def test_the_service_is_started_again_with_all_targets(world: World) -> None:
    world.wish(8, export("a"))
    await until(world.is_settled)
    for _ in range(3):
        world.driver.end_service()
        assert world.driver.list_targets() == []
        await until(world.driver.list_targets, 1.0)


async def test_the_service_is_not_started_for_nothing(world: World) -> None:
    world.wish(8)
    await until(world.is_settled)
    world.wish(8, present=False)
    await until(world.is_settled)
    world.desired.forget(Kind.VOLUME, "v", 2)
    world.driver.end_service()
    await asyncio.sleep(0.02)
    assert not world.driver.is_running
