"""One suite for every volume driver, fake and real; then what only real iSCSI can show."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from audit.held import check_held
from iscsi import MIB, make_export, make_settings, qemu_io, serve
from pilvi.agent.volumes.driver import FileKind, FileName, VolumeDriver, fingerprint
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.agent.volumes.tgt import TgtVolumeDriver, purge
from pilvi.agent.volumes.tgt_service import TgtService
from pilvi.errors import NoCapacity, NotFound, PilviError
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import HoldingKind
from pilvi.host_api.volumes import VolumeSpec
from pilvi.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    with make_settings() as settings:
        yield settings


@pytest.fixture(params=["fake", pytest.param("tgt", marks=pytest.mark.root)])
async def driver(request: pytest.FixtureRequest) -> AsyncIterator[VolumeDriver]:
    if request.param == "fake":
        yield FakeVolumeDriver()
        return
    with make_settings() as settings:
        driver = TgtVolumeDriver(settings)
        yield driver
        await driver.close()


@pytest.fixture
async def tgt(settings: Settings) -> AsyncIterator[TgtVolumeDriver]:
    driver = TgtVolumeDriver(settings)
    yield driver
    await driver.close()


async def test_nothing_is_seen_of_an_unknown_volume(driver: VolumeDriver) -> None:
    seen = await driver.observe("v1")
    assert not seen.is_present


async def test_a_file_is_made_grown_and_removed_repeatably(driver: VolumeDriver) -> None:
    for size in (MIB, MIB, 2 * MIB, 2 * MIB):
        await driver.make_file("v1", size)
        assert (await driver.observe("v1")).size_bytes == size
    await driver.make_file("v1", MIB)
    assert (await driver.observe("v1")).size_bytes == 2 * MIB
    for _ in range(2):
        await driver.remove_file("v1")
        assert not (await driver.observe("v1")).is_present


async def test_files_and_targets_are_listed_with_their_volume(driver: VolumeDriver) -> None:
    assert await driver.holdings() == []
    await driver.start()
    export = make_export()
    spec = VolumeSpec(volume_id="v1", project_id="p", size_bytes=MIB, exports=[export])
    await driver.make_file("v1", MIB)
    await driver.add_target("v1", export)
    source, copy = FileName(FileKind.VOLUME, "v1"), FileName(FileKind.SNAPSHOT, "s1")
    await driver.contents.copy_file(source, copy, MIB)
    found = await driver.holdings()
    check_held(Kind.VOLUME, "v1", spec, found)
    others = [(one.kind, one.owner) for one in found if one.owner != "v1"]
    assert others == [(HoldingKind.SNAPSHOT, "s1")]
    await driver.remove_target("v1", export.iqn)
    await driver.remove_file("v1")
    left = [(one.kind, one.owner) for one in await driver.holdings()]
    assert left == [(HoldingKind.SNAPSHOT, "s1")]


async def test_a_file_that_could_never_fit_is_refused(driver: VolumeDriver) -> None:
    with pytest.raises(NoCapacity):
        await driver.make_file("v1", 1 << 60)
    assert not (await driver.observe("v1")).is_present


async def test_a_target_is_made_and_ended_repeatably(driver: VolumeDriver) -> None:
    export = make_export()
    for _ in range(2):
        await driver.start()
        await driver.make_file("v1", MIB)
        await driver.add_target("v1", export)
        [target] = (await driver.observe("v1")).targets
        assert (target.iqn, target.size_bytes) == (export.iqn, MIB)
        assert target.fingerprint == fingerprint(export)
    for _ in range(2):
        await driver.remove_target("v1", export.iqn)
        assert (await driver.observe("v1")).targets == ()


async def test_a_target_shows_the_size_its_file_had(driver: VolumeDriver) -> None:
    export = make_export()
    await driver.start()
    await driver.make_file("v1", 8 * MIB)
    await driver.add_target("v1", export)
    await driver.make_file("v1", 16 * MIB)
    assert (await driver.observe("v1")).targets[0].size_bytes == 8 * MIB
    await driver.add_target("v1", export)
    assert (await driver.observe("v1")).targets[0].size_bytes == 16 * MIB


async def test_targets_of_volumes_are_apart(driver: VolumeDriver) -> None:
    await driver.start()
    exports = [make_export() for _ in range(4)]
    for volume, export in zip("aabb", exports, strict=True):
        await driver.make_file(volume, MIB)
        await driver.add_target(volume, export)
    await driver.remove_target("a", exports[0].iqn)
    seen = {target.iqn for target in (await driver.observe("a")).targets}
    assert seen == {exports[1].iqn}
    assert len((await driver.observe("b")).targets) == 2


async def test_no_target_without_a_file(driver: VolumeDriver) -> None:
    await driver.start()
    with pytest.raises(NotFound):
        await driver.add_target("v1", make_export())


@pytest.mark.root
async def test_bytes_go_in_and_out_and_new_ones_are_zeros(
    settings: Settings, tgt: TgtVolumeDriver
) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    status, text = await qemu_io(settings, export, "read -P 0 0 8M")
    assert status == 0, text
    status, text = await qemu_io(settings, export, "write -P 7 1M 1M")
    assert status == 0, text
    status, text = await qemu_io(settings, export, "read -P 7 1M 1M")
    assert status == 0, text
    await tgt.remove_target("v1", export.iqn)
    await tgt.remove_file("v1")
    again = make_export()
    await serve(tgt, "v1", again)
    status, text = await qemu_io(settings, again, "read -P 0 0 8M")
    assert status == 0, text


@pytest.mark.root
async def test_only_the_right_password_opens_a_volume(
    settings: Settings, tgt: TgtVolumeDriver
) -> None:
    export, other = make_export(), make_export()
    await serve(tgt, "v1", export)
    await serve(tgt, "v2", other)
    assert (await qemu_io(settings, export, "read 0 4k"))[0] == 0
    for password in ("wrongwrongwrong", other.password, ""):
        status, text = await qemu_io(settings, export, "read 0 4k", password)
        assert status != 0 and "Authentication failure" in text, text
    stranger = msgspec.structs.replace(export, username=other.username, password=other.password)
    assert (await qemu_io(settings, stranger, "read 0 4k"))[0] != 0


@pytest.mark.root
async def test_an_ended_target_answers_no_more(settings: Settings, tgt: TgtVolumeDriver) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    await tgt.remove_target("v1", export.iqn)
    assert (await qemu_io(settings, export, "read 0 4k"))[0] != 0


@pytest.mark.root
async def test_a_read_only_export_refuses_writes(settings: Settings, tgt: TgtVolumeDriver) -> None:
    export = make_export(read_only=True)
    await serve(tgt, "v1", export)
    assert (await qemu_io(settings, export, "write -P 7 0 4k"))[0] != 0
    file = settings.agent_dir / "volumes" / "v1.raw"
    assert not any(file.read_bytes())


@pytest.mark.root
async def test_a_grown_target_shows_its_new_bytes(settings: Settings, tgt: TgtVolumeDriver) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    assert (await qemu_io(settings, export, "write -P 7 8M 1M"))[0] != 0
    await tgt.make_file("v1", 16 * MIB)
    await tgt.add_target("v1", export)
    status, text = await qemu_io(settings, export, "write -P 7 15M 1M")
    assert status == 0, text


@pytest.mark.root
async def test_tgtd_is_unprivileged_and_the_password_in_no_command_line(
    settings: Settings, tgt: TgtVolumeDriver
) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    pid = TgtService(settings).find_pid()
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == [str(settings.uid_volumes)] * 4
    assert fields["NoNewPrivs"] == "1" and int(fields["CapBnd"], 16) == 0
    assert os.getsid(pid or 0) == pid
    assert (settings.agent_dir / "volumes" / "v1.raw").stat().st_mode & 0o777 == 0o600
    log = (settings.agent_dir / "volumes" / "tgtd.log").read_text()
    record = (settings.agent_dir / "volumes" / "targets.json").read_text()
    assert export.password not in log + record


@pytest.mark.root
async def test_after_a_killed_tgtd_targets_can_be_made_again(
    settings: Settings, tgt: TgtVolumeDriver
) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    assert (await qemu_io(settings, export, "write -P 9 0 1M"))[0] == 0
    pid = TgtService(settings).find_pid()
    assert pid is not None
    ended = asyncio.create_task(tgt.wait_ended())
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        await ended
    assert (await tgt.observe("v1")).targets == ()
    await serve(tgt, "v1", export)
    status, text = await qemu_io(settings, export, "read -P 9 0 1M")
    assert status == 0, text


@pytest.mark.root
async def test_a_new_driver_finds_the_running_tgtd_and_its_targets(
    settings: Settings, tgt: TgtVolumeDriver
) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    pid = TgtService(settings).find_pid()
    successor = TgtVolumeDriver(settings)
    try:
        await successor.start()
        assert TgtService(settings).find_pid() == pid
        [target] = (await successor.observe("v1")).targets
        assert target.fingerprint == fingerprint(export)
        await successor.remove_target("v1", export.iqn)
        assert (await qemu_io(settings, export, "read 0 4k"))[0] != 0
    finally:
        await successor.close()


@pytest.mark.root
async def test_a_half_made_target_is_made_whole(settings: Settings, tgt: TgtVolumeDriver) -> None:
    """As after a kill between two requests: the record has it, without a fingerprint."""
    export = make_export()
    await serve(tgt, "v1", export)
    record = TgtService(settings).record.find(export.iqn)
    assert record is not None
    TgtService(settings).record.keep(msgspec.structs.replace(record, fingerprint=""))
    successor = TgtVolumeDriver(settings)
    try:
        await successor.start()
        assert (await successor.observe("v1")).targets[0].fingerprint == ""
        await successor.add_target("v1", export)
        assert (await qemu_io(settings, export, "read 0 4k"))[0] == 0
    finally:
        await successor.close()


@pytest.mark.root
async def test_two_clouds_live_side_by_side(settings: Settings, tgt: TgtVolumeDriver) -> None:
    export = make_export()
    await serve(tgt, "v1", export)
    with make_settings() as other:
        second = TgtVolumeDriver(other)
        # The same names in both: nothing of one is seen or touched by the other.
        await serve(second, "v1", export)
        assert (await qemu_io(other, export, "write -P 5 0 1M"))[0] == 0
        assert (await qemu_io(settings, export, "read -P 0 0 1M"))[0] == 0
        assert TgtService(other).find_pid() != TgtService(settings).find_pid()
        await second.close()
    assert TgtService(other).find_pid() is None
    assert (await qemu_io(settings, export, "read -P 0 0 1M"))[0] == 0


@pytest.mark.root
async def test_a_taken_port_is_named(settings: Settings, tgt: TgtVolumeDriver) -> None:
    port = settings.iscsi_port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PilviError, match=str(port)):
        await tgt.start()
    await tgt.start()


@pytest.mark.root
async def test_purge_ends_and_removes_everything(settings: Settings, tgt: TgtVolumeDriver) -> None:
    await serve(tgt, "v1", make_export())
    pid = TgtService(settings).find_pid()
    for _ in range(2):
        purge(settings)
        assert not (settings.agent_dir / "volumes").exists()
    assert TgtService(settings).find_pid() is None
    status = Path(f"/proc/{pid}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()
