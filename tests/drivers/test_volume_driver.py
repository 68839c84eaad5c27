"""One suite for every volume driver, fake and real; then what only real iSCSI can show."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.volumes.driver import VolumeDriver, fingerprint
from pilvi.agent.volumes.fake import FakeVolumeDriver
from pilvi.agent.volumes.tgt import TgtVolumeDriver, purge
from pilvi.agent.volumes.tgt_service import TgtService
from pilvi.errors import NoCapacity, NotFound, PilviError
from pilvi.host_api.volumes import Export
from pilvi.settings import Settings

MIB = 1 << 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_export(**values: object) -> Export:
    attachment = str(uuid.uuid4())
    export = Export(
        attachment_id=attachment,
        iqn=f"iqn.2026-11.io.pilvi:{attachment}",
        lun=1,
        username=f"u{attachment[:8]}",
        password=secrets.token_hex(12),
    )
    return msgspec.structs.replace(export, **values)


@contextlib.contextmanager
def make_settings() -> Iterator[Settings]:
    """A cloud of its own, whose tgtd and files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pilvi-test-") as folder:
        Path(folder).chmod(0o700)
        settings = Settings(state_dir=folder, iscsi_port=free_port())
        try:
            yield settings
        finally:
            purge(settings)


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


async def qemu_io(
    settings: Settings, export: Export, command: str, password: str | None = None
) -> tuple[int, str]:
    """Run one qemu-io command on an export; the exit status and what it says."""
    portal = f"127.0.0.1:{settings.iscsi_port}"
    with tempfile.NamedTemporaryFile("w") as secret:
        secret.write(export.password if password is None else password)
        secret.flush()
        options = {
            "driver": "raw",
            "file.driver": "iscsi",
            "file.transport": "tcp",
            "file.portal": portal,
            "file.target": export.iqn,
            "file.lun": export.lun,
            "file.initiator-name": "iqn.2026-11.io.pilvi:test",
        }
        if password != "":
            options |= {"file.user": export.username, "file.password-secret": "s"}
        words = ",".join(f"{name}={value}" for name, value in options.items())
        process = await asyncio.create_subprocess_exec(
            *("qemu-io", "--object", f"secret,id=s,file={secret.name}"),
            *("--image-opts", words, "-c", command),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(20):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
    status = 1 if b"Pattern verification failed" in output else process.returncode
    assert status is not None
    return status, output.decode()


async def serve(driver: TgtVolumeDriver, volume: str, export: Export, size: int = 8 * MIB) -> None:
    await driver.start()
    await driver.make_file(volume, size)
    await driver.add_target(volume, export)


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
    async with asyncio.timeout(1):
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
    with socket.create_server(("127.0.0.1", settings.iscsi_port)):
        with pytest.raises(PilviError, match=str(settings.iscsi_port)):
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
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    assert state.stdout.strip() in ("", "Z", "Zs")
