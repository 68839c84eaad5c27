"""Snapshots, backups and uploads of one host, over fake drivers, as its loop makes them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fake_images import FakeImages
from host_server import make_test_settings, until
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.volumes.build import build_volume_reconcilers
from pilvi.agent.volumes.driver import BLOCK_BYTES, FileKind, FileName
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.agent.volumes.fake_contents import FakeFile
from pilvi.core.reconcile import Limits, Loop
from pilvi.errors import InvalidRequest
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation
from pilvi.host_api.volumes import (
    BackupSpec,
    Export,
    SnapshotSpec,
    SourceKind,
    VolumeSource,
    VolumeSpec,
    VolumeUploadSpec,
)

VOLUME = FileName(FileKind.VOLUME, "v")
SIZE = 4 * BLOCK_BYTES
EXPORT = Export(attachment_id="a", iqn="iqn.x:a", lun=1, username="u", password="p")


class World:
    """One host's volumes with a loop over all that is made of them."""

    def __init__(self, folder: Path) -> None:
        self.driver = FakeVolumeDriver()
        self.driver.contents.directory = folder / "sending"
        self.images = FakeImages()
        self.desired = DesiredState(folder / "desired")
        self.outbox = Outbox()
        settings = make_test_settings(folder)
        context = AgentContext(settings, self.desired, self.outbox, self._wake)
        reconcilers = build_volume_reconcilers(context, self.driver, self.images)
        self.loop = Loop(reconcilers, Limits(retry_s_min=0.002, retry_s_max=0.01))
        self._revision = 0

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    async def wish(self, kind: Kind, id: str, spec: Any = None) -> Observation:
        """Wish for something, or that it goes; what is told once it is settled or given up."""
        self._revision += 1
        number = self._revision
        assignment = Assignment(
            kind=kind,
            id=id,
            generation=number,
            revision=number,
            present=spec is not None,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        self.desired.apply(Desired(host_id="h", revision=number, assignments=[assignment]))
        self.loop.wake(kind, id)

        def told() -> Observation | None:
            found = self.outbox.find(kind, id)
            is_new = found is not None and found.generation == number
            return found if is_new and (found.settled or found.fault) else None  # type: ignore[union-attr]

        await until(told)
        answer = told()
        assert answer is not None
        return answer

    async def volume(self, *exports: Export, **fields: Any) -> Observation:
        spec = VolumeSpec(
            volume_id="v", project_id="p", size_bytes=SIZE, exports=list(exports), **fields
        )
        return await self.wish(Kind.VOLUME, "v", spec)

    @property
    def bytes(self) -> dict[int, bytes]:
        return self.driver.contents.files[VOLUME].blocks


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    task = asyncio.create_task(world.loop.run())
    await asyncio.sleep(0)
    await world.volume()
    world.bytes[0] = b"a" * BLOCK_BYTES
    yield world
    task.cancel()
    await asyncio.wait([task])


def snapshot(**fields: Any) -> SnapshotSpec:
    return SnapshotSpec(snapshot_id="s", volume_id="v", project_id="p", **fields)


@pytest.mark.parametrize("shares", [True, False])
async def test_a_snapshot_of_a_served_volume_and_back(world: World, shares: bool) -> None:
    world.driver.contents.copies_at_once = shares
    await world.volume(EXPORT)
    assert (await world.wish(Kind.SNAPSHOT, "s", snapshot())).settled
    await until(world.driver.list_targets)
    world.bytes[0] = b"b" * BLOCK_BYTES
    source = VolumeSource(kind=SourceKind.SNAPSHOT, id="s")
    assert (await world.volume(EXPORT, source=source, content_generation=2)).settled
    assert world.bytes[0] == b"a" * BLOCK_BYTES
    await until(world.driver.list_targets)
    assert not (await world.wish(Kind.SNAPSHOT, "s")).present
    assert FileName(FileKind.SNAPSHOT, "s") not in world.driver.contents.files


async def test_what_was_whole_once_is_not_made_of_newer_bytes(world: World) -> None:
    told = await world.wish(Kind.SNAPSHOT, "s", snapshot(must_exist=True))
    assert told.fault is not None and told.fault.terminal
    assert FileName(FileKind.SNAPSHOT, "s") not in world.driver.contents.files


async def test_a_snapshot_of_nothing_is_given_up(world: World) -> None:
    await world.wish(Kind.VOLUME, "v")
    told = await world.wish(Kind.SNAPSHOT, "s", snapshot())
    assert told.fault is not None and told.fault.kind == "NotFound"


async def test_backups_hold_what_differs_and_give_all_back(world: World) -> None:
    world.bytes[2 * BLOCK_BYTES] = b"c" * BLOCK_BYTES
    full = BackupSpec(backup_id="b1", project_id="p", volume_id="v")
    assert msgspec.json.decode((await world.wish(Kind.BACKUP, "b1", full)).seen)["blocks"] == 2
    world.bytes[0] = b"b" * BLOCK_BYTES
    part = BackupSpec(backup_id="b2", project_id="p", volume_id="v", parents=["b1"])
    assert msgspec.json.decode((await world.wish(Kind.BACKUP, "b2", part)).seen)["blocks"] == 1
    world.driver.contents.files[VOLUME] = FakeFile(SIZE)
    source = VolumeSource(kind=SourceKind.BACKUP, id="b2", backups=["b1", "b2"])
    assert (await world.volume(source=source, content_generation=2)).settled
    assert world.bytes == {0: b"b" * BLOCK_BYTES, 2 * BLOCK_BYTES: b"c" * BLOCK_BYTES}
    for id in ("b2", "b1"):
        assert not (await world.wish(Kind.BACKUP, id)).present


async def test_an_upload_is_sent_and_a_refusal_is_told(world: World) -> None:
    spec = VolumeUploadSpec(image_id="i", volume_id="v", project_id="p", disk_format="raw")
    assert (await world.wish(Kind.UPLOAD, "i", spec)).settled
    assert world.images.sent["i"][:BLOCK_BYTES] == b"a" * BLOCK_BYTES
    world.images.refusals = [InvalidRequest("cannot store the image")]
    other = msgspec.structs.replace(spec, image_id="j")
    told = await world.wish(Kind.UPLOAD, "j", other)
    assert told.fault is not None and told.fault.terminal
    assert not (await world.wish(Kind.UPLOAD, "j")).present
    assert list((world.driver.contents.directory or Path()).iterdir()) == []


async def test_a_volume_that_goes_while_it_is_filled_leaves_nothing(world: World) -> None:
    world.images.gate.clear()
    image = world.images.add("i", b"x" * SIZE, SIZE, "raw")
    source = VolumeSource(kind=SourceKind.IMAGE, id="i", image=image)
    spec = VolumeSpec(
        volume_id="w", project_id="p", size_bytes=SIZE, exports=[EXPORT], source=source
    )
    task = asyncio.create_task(world.wish(Kind.VOLUME, "w", spec))
    await asyncio.sleep(0.05)
    task.cancel()
    assert world.driver.list_targets() == []
    assert not (await world.wish(Kind.VOLUME, "w")).present
    assert FileName(FileKind.VOLUME, "w") not in world.driver.contents.files
