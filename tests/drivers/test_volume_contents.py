"""One suite for what every volume driver holds, fake and real; then what only real files show."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fake_images import FakeImages
from iscsi import MIB, make_export, make_settings
from pilvi.agent.disks.bases import BaseCache
from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes import contents
from pilvi.agent.volumes.contents import FileContents
from pilvi.agent.volumes.driver import FileKind, FileName, VolumeDriver
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.agent.volumes.tgt import TgtVolumeDriver

VOLUME, OTHER = FileName(FileKind.VOLUME, "v1"), FileName(FileKind.VOLUME, "v2")
SNAPSHOT, COPY = FileName(FileKind.SNAPSHOT, "s1"), FileName(FileKind.COPY, "c1")


@pytest.fixture(params=["fake", pytest.param("tgt", marks=pytest.mark.root)])
async def driver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VolumeDriver]:
    if request.param == "fake":
        fake = FakeVolumeDriver()
        fake.contents.directory = tmp_path
        yield fake
        return
    with make_settings() as settings:
        driver = TgtVolumeDriver(settings)
        yield driver
        await driver.close()


async def blocks(*given: tuple[int, bytes]) -> AsyncIterator[tuple[int, bytes]]:
    for one in given:
        yield one


async def read(driver: VolumeDriver, name: FileName) -> dict[int, bytes]:
    return {offset: block async for offset, block in driver.contents.read_blocks(name)}


async def test_nothing_is_found_of_an_unknown_file(driver: VolumeDriver) -> None:
    assert await driver.contents.find(SNAPSHOT) is None
    for _ in range(2):
        await driver.contents.remove(SNAPSHOT)
    with pytest.raises(HostTerminal):
        await driver.contents.copy_file(VOLUME, SNAPSHOT, 0)
    assert await driver.contents.find(SNAPSHOT) is None


async def test_a_copy_has_the_bytes_and_is_independent(driver: VolumeDriver) -> None:
    first = b"a" * MIB
    await driver.contents.write_blocks(blocks((MIB, first)), VOLUME, 4 * MIB)
    await driver.contents.copy_file(VOLUME, SNAPSHOT, 4 * MIB)
    await driver.contents.write_blocks(blocks((0, b"b" * MIB)), VOLUME, 4 * MIB)
    assert await read(driver, SNAPSHOT) == {MIB: first}
    await driver.remove_file("v1")
    assert await read(driver, SNAPSHOT) == {MIB: first}
    seen = await driver.contents.find(SNAPSHOT)
    assert seen is not None and seen.size_bytes == 4 * MIB


async def test_a_copy_grows_with_zeros(driver: VolumeDriver) -> None:
    await driver.contents.write_blocks(blocks((0, b"a" * MIB)), VOLUME, MIB)
    await driver.contents.copy_file(VOLUME, OTHER, 3 * MIB)
    assert await read(driver, OTHER) == {0: b"a" * MIB}
    assert (await driver.observe("v2")).size_bytes == 3 * MIB


async def test_content_and_its_generation_change_at_once(driver: VolumeDriver) -> None:
    await driver.contents.write_blocks(blocks((0, b"a" * MIB)), VOLUME, 2 * MIB)
    await driver.contents.copy_file(VOLUME, SNAPSHOT, 0)
    assert (await driver.observe("v1")).content_generation == 1
    await driver.contents.copy_file(SNAPSHOT, VOLUME, 2 * MIB, 4)
    assert (await driver.observe("v1")).content_generation == 4
    await driver.make_file("v1", 3 * MIB)
    assert (await driver.observe("v1")).content_generation == 4


async def test_a_target_tells_which_content_it_serves(driver: VolumeDriver) -> None:
    await driver.start()
    await driver.contents.write_blocks(blocks((0, b"a" * MIB)), VOLUME, MIB, 2)
    await driver.add_target("v1", make_export())
    [target] = (await driver.observe("v1")).targets
    assert target.content_generation == 2


async def test_a_raw_image_becomes_a_volume(driver: VolumeDriver) -> None:
    images, data = FakeImages(), b"x" * MIB + bytes(MIB) + b"y" * MIB
    image = images.add("i1", data, len(data), "raw")
    for _ in range(2):
        await driver.contents.copy_image(image, images.fetch("i1"), VOLUME, 4 * MIB)
        assert await read(driver, VOLUME) == {0: b"x" * MIB, 2 * MIB: b"y" * MIB}
    with pytest.raises(HostTerminal):
        await driver.contents.copy_image(image, images.fetch("i1"), OTHER, MIB)
    assert await driver.contents.find(OTHER) is None


async def test_an_image_with_other_bytes_becomes_none(driver: VolumeDriver) -> None:
    images = FakeImages()
    image = images.add("i1", b"x" * MIB, MIB, "raw")
    images.stored["i1"] = b"x" * 10
    with pytest.raises(HostTerminal):
        await driver.contents.copy_image(image, images.fetch("i1"), VOLUME, MIB)
    assert not (await driver.observe("v1")).is_present


async def test_an_export_is_a_file_of_its_format(driver: VolumeDriver) -> None:
    await driver.contents.write_blocks(blocks((MIB, b"a" * MIB)), VOLUME, 4 * MIB)
    path = await driver.contents.export(VOLUME, "i1", "raw")
    assert path.read_bytes() == bytes(MIB) + b"a" * MIB + bytes(2 * MIB)
    path = await driver.contents.export(VOLUME, "i1", "qcow2")
    assert path.read_bytes()[:4] == b"QFI\xfb"
    for _ in range(2):
        await driver.contents.end_export("i1")
    assert not path.exists()


@pytest.fixture
async def files() -> AsyncIterator[FileContents]:
    with make_settings() as settings:
        driver = TgtVolumeDriver(settings)
        yield driver.contents
        await driver.close()


def qemu_img(*arguments: object) -> str:
    return subprocess.run(
        ["qemu-img", *map(str, arguments)], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.root
async def test_a_qcow2_image_is_unpacked(files: FileContents, tmp_path: Path) -> None:
    raw, packed = tmp_path / "raw", tmp_path / "packed"
    data = os.urandom(MIB) + bytes(2 * MIB) + os.urandom(MIB)
    raw.write_bytes(data)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", "-c", raw, packed)
    images = FakeImages()
    image = images.add("i1", packed.read_bytes(), len(data), "qcow2")
    await files.copy_image(image, images.fetch("i1"), VOLUME, 8 * MIB)
    assert files.path(VOLUME).read_bytes() == data + bytes(4 * MIB)
    left = {path.name for path in files.path(VOLUME).parent.iterdir()}
    assert left <= {"v1.raw", "images", "work", "control"}
    assert list((files.path(VOLUME).parent / "work").iterdir()) == []


@pytest.mark.root
async def test_a_raw_image_that_looks_like_qcow2_is_never_opened_as_one(
    files: FileContents, tmp_path: Path
) -> None:
    secret, trap = tmp_path / "secret", tmp_path / "trap"
    secret.write_bytes(b"secret" * 1000)
    qemu_img("create", "-f", "qcow2", "-b", secret, "-F", "raw", trap, "1M")
    data = trap.read_bytes()
    images = FakeImages()
    image = images.add("i1", data, len(data), "raw")
    await files.copy_image(image, images.fetch("i1"), VOLUME, 4 * MIB)
    assert files.path(VOLUME).read_bytes()[: len(data)] == data
    path = await files.export(VOLUME, "i2", "qcow2")
    assert b'"backing' not in qemu_img("info", "-f", "qcow2", "--output=json", path).encode()
    out = tmp_path / "out"
    qemu_img("convert", "-f", "qcow2", "-O", "raw", path, out)
    assert out.read_bytes()[: len(data)] == data and b"secret" * 10 not in out.read_bytes()


@pytest.mark.root
@pytest.mark.parametrize("written", [[], [0], [1, 511, 512, 1023, 1500]])
async def test_the_qcow2_file_is_whole(
    files: FileContents, tmp_path: Path, written: list[int]
) -> None:
    size = 1536 * MIB
    given = [(number * MIB, os.urandom(MIB)) for number in written]
    await files.write_blocks(blocks(*given), VOLUME, size)
    path = await files.export(VOLUME, "i1", "qcow2")
    assert "No errors" in qemu_img("check", "-f", "qcow2", path)
    assert "identical" in qemu_img("compare", "-f", "qcow2", "-F", "raw", path, files.path(VOLUME))


@pytest.mark.root
async def test_a_copy_that_is_cancelled_leaves_nothing(files: FileContents) -> None:
    images = FakeImages()
    images.gate.clear()
    image = images.add("i1", b"x" * 3 * MIB, 3 * MIB, "raw")
    task = asyncio.create_task(files.copy_image(image, images.fetch("i1"), VOLUME, 4 * MIB))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    folder = files.path(VOLUME).parent
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.root
async def test_volume_files_are_closed_to_others(files: FileContents) -> None:
    await files.write_blocks(blocks((0, b"a")), VOLUME, MIB)
    await files.copy_file(VOLUME, SNAPSHOT, 0)
    for name in (VOLUME, SNAPSHOT):
        assert files.path(name).stat().st_mode & 0o777 == 0o600
    assert files.path(VOLUME).parent.stat().st_mode & 0o007 == 0


async def test_an_image_that_no_volume_came_for_is_not_kept(
    files: FileContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = BaseCache(files._directory / "images")
    path = cache.path("i1")
    path.write_bytes(b"x")
    await files.prune_images()
    assert path.exists()
    monkeypatch.setattr(contents, "IMAGE_IDLE_S", 0.0)
    await files.prune_images()
    assert not path.exists()
