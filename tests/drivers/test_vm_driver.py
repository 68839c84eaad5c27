"""One suite for every vm driver, fake and real; then what only real guests can show."""

import asyncio
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from audit.held import check_held
from pilvi.agent.disks.config_drive import digest
from pilvi.agent.vms.driver import CaptureState, HostDriver
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.local_vm import Button, Ended, LocalVm, Plug, Process
from pilvi.agent.vms.process import find_processes
from pilvi.agent.vms.qemu import QemuVms
from pilvi.agent.volumes.tgt import TgtVolumeDriver, purge
from pilvi.errors import PilviError
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import HoldingKind
from pilvi.host_api.vms import CaptureSpec, Power, VmSpec
from pilvi.host_api.volumes import Export
from pilvi.settings import Settings
from vm_world import (
    RAW_IMAGE,
    Images,
    make_disks,
    make_documents,
    make_image,
    make_spec,
    make_volume,
)

REAL = [pytest.mark.root, pytest.mark.guest]


@pytest.fixture
def settings() -> Settings:
    prefix = f"t{uuid.uuid4().hex[:5]}"
    folder = tempfile.mkdtemp(prefix="pilvi-test-")
    return Settings(state_dir=folder, name_prefix=prefix)


@pytest.fixture(params=["fake", pytest.param("qemu", marks=REAL)])
async def driver(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[HostDriver]:
    folder = Path(settings.state_dir)
    driver = FakeVms(folder) if request.param == "fake" else QemuVms(settings)
    try:
        yield driver
        for server_id in driver.list_vms():
            await driver.remove(server_id)
        await driver.close()
    finally:
        for uid in range(settings.uid_guest_first, settings.uid_guest_first + 3):
            for process in find_processes(uid):
                process.kill()
                process.close()
        shutil.rmtree(folder)


@pytest.fixture
def spec() -> VmSpec:
    return make_spec(server_id=str(uuid.uuid4()))


async def make_disks_of(driver: HostDriver, spec: VmSpec) -> None:
    await driver.prepare(spec.server_id)
    await driver.store_base(make_image(), Images(RAW_IMAGE).fetch(""))
    for disk in spec.disks:
        await driver.create_disk(spec.server_id, disk, spec.image_generation)
    if spec.config_drive:
        await driver.create_config_drive(spec.server_id, spec.documents)


async def test_what_is_there_is_listed_and_nothing_after_its_end(
    driver: HostDriver, spec: VmSpec
) -> None:
    assert await driver.holdings() == []
    spec = msgspec.structs.replace(spec, config_drive=True)
    stopped = msgspec.structs.replace(spec, power=Power.STOPPED)
    await make_disks_of(driver, spec)
    check_held(Kind.VM, spec.server_id, stopped, await driver.holdings())
    bases = [one.owner for one in await driver.holdings() if one.kind is HoldingKind.BASE]
    assert bases == [make_image().image_id]
    await driver.launch(spec)
    found = await driver.holdings()
    check_held(Kind.VM, spec.server_id, spec, found)
    assert [one for one in found if one.owner is None] == []
    await driver.end_process(spec.server_id, Ended.ASKED)
    check_held(Kind.VM, spec.server_id, stopped, await driver.holdings())
    await driver.remove(spec.server_id)
    assert [one for one in await driver.holdings() if one.kind is not HoldingKind.BASE] == []


async def until_copied(driver: HostDriver, image_id: str) -> None:
    async with asyncio.timeout(20):
        for _ in range(1000):
            if (await driver.observe_capture(image_id)).state is not CaptureState.COPYING:
                return
            await asyncio.sleep(0.02)


async def start(driver: HostDriver, spec: VmSpec) -> LocalVm:
    await make_disks_of(driver, spec)
    await driver.launch(spec)
    await driver.press(spec.server_id, Button.RESUME)
    return await driver.observe(spec.server_id)


async def test_nothing_is_seen_of_an_unknown_vm(driver: HostDriver, spec: VmSpec) -> None:
    seen = await driver.observe(spec.server_id)
    assert not seen.present
    assert seen.process is Process.NONE
    assert driver.list_vms() == []


async def test_disks_are_made_and_removed_repeatably(driver: HostDriver, spec: VmSpec) -> None:
    for _ in range(2):
        await make_disks_of(driver, spec)
    seen = await driver.observe(spec.server_id)
    assert seen.recorded
    assert seen.bases == {make_image().image_id}
    assert [(disk.device, disk.generation) for disk in seen.disks] == [("vda", 1), ("vdb", 1)]
    for _ in range(2):
        await driver.remove_disk(spec.server_id, "vda", 1)
    seen = await driver.observe(spec.server_id)
    assert [disk.device for disk in seen.disks] == ["vdb"]


async def test_a_config_drive_replaces_the_one_before(driver: HostDriver, spec: VmSpec) -> None:
    await driver.prepare(spec.server_id)
    for user_data in (b"first", b"second"):
        documents = make_documents(user_data=user_data)
        await driver.create_config_drive(spec.server_id, documents)
        seen = await driver.observe(spec.server_id)
        assert seen.config_digest == digest(documents)


async def test_a_process_waits_runs_pauses_and_ends(driver: HostDriver, spec: VmSpec) -> None:
    await make_disks_of(driver, spec)
    for _ in range(2):
        await driver.launch(spec)
    held = await driver.observe(spec.server_id)
    assert held.process is Process.PRELAUNCH
    assert (held.boot_generation, held.image_generation) == (1, 1)
    assert held.pid is not None
    for button, process in (
        (Button.RESUME, Process.RUNNING),
        (Button.PAUSE, Process.PAUSED),
        (Button.PAUSE, Process.PAUSED),
        (Button.RESUME, Process.RUNNING),
    ):
        await driver.press(spec.server_id, button)
        seen = await driver.observe(spec.server_id)
        assert seen.process is process
        assert seen.pid == held.pid
    for _ in range(2):
        await driver.end_process(spec.server_id, Ended.ASKED)
        seen = await driver.observe(spec.server_id)
        assert seen.process is Process.NONE
        assert seen.ended is Ended.ASKED
        assert seen.pid is None


async def test_what_a_process_uses_is_counted_while_there_is_one(
    driver: HostDriver, spec: VmSpec
) -> None:
    assert await driver.count(spec.server_id) is None
    await make_disks_of(driver, spec)
    assert await driver.count(spec.server_id) is None
    await start(driver, spec)
    first = await driver.count(spec.server_id)
    assert first is not None
    for _ in range(400):
        now = await driver.count(spec.server_id)
        assert now is not None
        # The firmware looks for what it can boot, which takes the processor and reads the disk.
        if now.cpu_s > first.cpu_s and (now.read_bytes or 0) >= 512:
            break
        await asyncio.sleep(0.05)
    assert now.cpu_s > first.cpu_s
    assert now.read_bytes is not None and now.read_bytes >= 512
    assert now.written_bytes == 0
    await driver.end_process(spec.server_id, Ended.ASKED)
    assert await driver.count(spec.server_id) is None


async def test_removing_leaves_nothing_and_may_be_repeated(
    driver: HostDriver, spec: VmSpec
) -> None:
    await start(driver, spec)
    for _ in range(2):
        await driver.remove(spec.server_id)
        seen = await driver.observe(spec.server_id)
        assert not seen.present
        assert seen.process is Process.NONE
    assert driver.list_vms() == []


async def test_what_needs_a_process_is_refused_without_one(
    driver: HostDriver, spec: VmSpec
) -> None:
    await make_disks_of(driver, spec)
    with pytest.raises(PilviError):
        await driver.press(spec.server_id, Button.PAUSE)


async def test_a_copy_is_made_of_a_running_and_of_a_stopped_vm(
    driver: HostDriver, spec: VmSpec
) -> None:
    await start(driver, spec)
    for image_id in ("copy-1", "copy-2"):
        order = CaptureSpec(
            image_id=image_id, server_id=spec.server_id, device="vda", disk_format="qcow2"
        )
        await driver.start_capture(order, spec)
        await until_copied(driver, image_id)
        await driver.collect_capture(image_id)
        seen = await driver.observe_capture(image_id)
        assert seen.state is CaptureState.COPIED
        assert Path(seen.path).read_bytes().startswith(b"QFI\xfb")
        await driver.finish_capture(image_id)
        assert (await driver.observe_capture(image_id)).state is CaptureState.SENT
        assert not Path(seen.path).exists()
        await driver.end_process(spec.server_id, Ended.ASKED)
    for image_id in driver.list_captures():
        await driver.remove_capture(image_id)
        assert (await driver.observe_capture(image_id)).state is CaptureState.NONE
    assert driver.list_captures() == []


async def test_an_unused_base_is_pruned(driver: HostDriver, spec: VmSpec) -> None:
    await driver.store_base(make_image(), Images(RAW_IMAGE).fetch(""))
    assert await driver.prune_bases(0) == [make_image().image_id]
    assert (await driver.observe(spec.server_id)).bases == frozenset()


@pytest.mark.parametrize("driver", [pytest.param("qemu", marks=REAL)], indirect=True)
class TestReal:
    """What the fake cannot show."""

    async def test_a_guests_process_is_confined(
        self, driver: HostDriver, spec: VmSpec, settings: Settings
    ) -> None:
        seen = await start(driver, spec)
        lines = Path(f"/proc/{seen.pid}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines)
        assert set(status["Uid"].split()) == {str(settings.uid_guest_first)}
        assert set(status["Gid"].split()) == {str(settings.uid_guest_first)}
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        for name in ("CapEff", "CapPrm", "CapBnd", "CapInh"):
            assert int(status[name], 16) == 0
        assert os.getsid(seen.pid or 0) == seen.pid
        assert settings.name_prefix in Path(f"/proc/{seen.pid}/cgroup").read_text()
        other = make_spec(server_id=str(uuid.uuid4()))
        second = await start(driver, other)
        owners = {Path(f"/proc/{vm.pid}").stat().st_uid for vm in (seen, second)}
        assert len(owners) == 2
        await driver.remove(spec.server_id)
        await driver.remove(other.server_id)
        assert settings.name_prefix not in str(list(Path("/sys/fs/cgroup").glob("*/*")))

    async def test_another_agent_adopts_a_guest_and_starts_no_second(
        self, driver: HostDriver, spec: VmSpec, settings: Settings
    ) -> None:
        seen = await start(driver, spec)
        await driver.close()
        other = QemuVms(settings)
        await other.launch(spec)
        adopted = await other.observe(spec.server_id)
        assert adopted.process is Process.RUNNING
        assert adopted.pid == seen.pid
        assert len(find_processes(settings.uid_guest_first)) == 1
        await other.remove(spec.server_id)
        await other.close()
        assert find_processes(settings.uid_guest_first) == []

    async def test_a_process_that_dies_is_seen_at_once(
        self, driver: HostDriver, spec: VmSpec
    ) -> None:
        seen = await start(driver, spec)
        assert seen.pid is not None
        os.kill(seen.pid, 9)
        async with asyncio.timeout(20):
            async for server_id in driver.events():
                assert server_id == spec.server_id
                gone = await driver.observe(spec.server_id)
                if gone.process is Process.GONE:
                    break
        assert gone.witnessed

    async def test_a_guest_that_cannot_start_says_why(
        self, driver: HostDriver, spec: VmSpec, settings: Settings
    ) -> None:
        await make_disks_of(driver, spec)
        overlay = settings.agent_dir / "vms" / spec.server_id / "guest" / "vda.1.qcow2"
        overlay.write_bytes(b"no disk at all")
        with pytest.raises(PilviError) as caught:
            await driver.launch(spec)
        assert "vda.1" not in caught.value.message
        assert caught.value.detail
        seen = await driver.observe(spec.server_id)
        assert seen.process is Process.NONE
        assert seen.boot_generation == -1

    async def test_no_other_guest_can_reach_the_files(
        self, driver: HostDriver, spec: VmSpec, settings: Settings
    ) -> None:
        await make_disks_of(driver, spec)
        stranger = str(settings.uid_guest_first + 1)
        for path in settings.agent_dir.rglob("*"):
            if not path.is_file():
                continue
            command = ["setpriv", "--reuid", stranger, "--regid", stranger, "--clear-groups"]
            process = await asyncio.create_subprocess_exec(
                *command, "cat", str(path), stderr=asyncio.subprocess.DEVNULL
            )
            assert await process.wait() != 0, path
        await driver.remove(spec.server_id)

    async def test_an_image_larger_than_the_disk_is_refused(
        self, driver: HostDriver, spec: VmSpec
    ) -> None:
        await driver.prepare(spec.server_id)
        disk = make_disks(make_image(virtual_size_bytes=1 << 40))[0]
        with pytest.raises(PilviError, match="smaller than its image"):
            await driver.create_disk(spec.server_id, disk, 1)
        assert (await driver.observe(spec.server_id)).disks == ()

    async def test_a_volume_comes_before_the_first_instruction_and_its_secret_stays_secret(
        self, driver: HostDriver, spec: VmSpec, settings: Settings
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            settings = msgspec.structs.replace(settings, iscsi_port=probe.getsockname()[1])
        export = Export(
            attachment_id="attachment",
            iqn="iqn.2026-11.pilvi:test",
            lun=1,
            username="chap-account",
            password="a-canary-word",
        )
        target = TgtVolumeDriver(settings)
        try:
            await target.start()
            await target.make_file("volume", 1 << 20)
            await target.add_target("volume", export)
            volume = make_volume(
                "attachment",
                portal=f"127.0.0.1:{settings.iscsi_port}",
                iqn=export.iqn,
                username=export.username,
                password=export.password,
            )
            await make_disks_of(driver, spec)
            await driver.launch(spec)
            wrong = msgspec.structs.replace(volume, password="another-canary")
            with pytest.raises(PilviError) as caught:
                await driver.attach_volume(spec.server_id, wrong)
            assert "canary" not in caught.value.message + caught.value.detail
            seen = await driver.observe(spec.server_id)
            assert seen.volumes == {"attachment": Plug.PARTIAL}
            for _ in range(2):
                await driver.attach_volume(spec.server_id, volume)
            seen = await driver.observe(spec.server_id)
            assert seen.volumes == {"attachment": Plug.WHOLE}
            assert b"canary" not in Path(f"/proc/{seen.pid}/cmdline").read_bytes()
            for path in settings.agent_dir.glob("vms/**/*"):
                assert not path.is_file() or b"canary" not in path.read_bytes()
            await driver.remove(spec.server_id)
        finally:
            await target.close()
            purge(settings)
