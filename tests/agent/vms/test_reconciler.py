import asyncio
import errno
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.local_vm import LocalVm, Process
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Kind, Observation
from pilvi.host_api.vms import Power, RebootKind, VmSpec
from pilvi.settings import Settings
from vm_world import (
    RAW_IMAGE,
    SERVER,
    VmWorld,
    make_disks,
    make_documents,
    make_image,
    make_nic,
    make_spec,
    make_volume,
    seen_vm,
)


def has_stopped(told: Observation) -> bool:
    seen = seen_vm(told)
    return told.settled and seen is not None and seen.power is Power.STOPPED


@pytest.fixture
def driver(tmp_path: Path) -> FakeVms:
    return FakeVms(tmp_path)


@pytest.fixture
def world(tmp_path: Path, driver: FakeVms) -> VmWorld:
    return VmWorld(Settings(state_dir=str(tmp_path)), driver)


async def test_a_vm_is_made_with_everything_and_leaves_nothing(
    world: VmWorld, driver: FakeVms
) -> None:
    async with world.agent():
        volume, nic = make_volume(), make_nic()
        seen = await world.want_vm(make_spec(volumes=[volume], nics=[nic], config_drive=True))
        assert seen is not None
        assert seen.power is Power.RUNNING
        assert (seen.boot_generation, seen.image_generation) == (1, 1)
        assert seen.attached_volumes == [volume.attachment_id]
        assert seen.attached_ports == [nic.port_id]
        assert set(seen.disk_bytes) == {"vda", "vdb"}
        assert b"READY" in (await world.vms.read_console(SERVER, 0, 4096)).data
        assert await world.want_vm(None) is None
        assert driver.vms == {}


async def test_power_follows_the_wish(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        for power in (Power.STOPPED, Power.RUNNING, Power.PAUSED, Power.STOPPED, Power.RUNNING):
            seen = await world.want_vm(make_spec(power=power))
            assert seen is not None
            assert seen.power is power
            assert (driver.vms[SERVER].process is Process.NONE) == (power is Power.STOPPED)


async def test_a_guest_that_ignores_the_button_is_cut_off(world: VmWorld, driver: FakeVms) -> None:
    driver.obeys_power_button = False
    async with world.agent():
        await world.want_vm(make_spec())
        seen = await world.want_vm(make_spec(power=Power.STOPPED, shutdown_timeout_s=0.2))
        assert seen is not None
        assert seen.power is Power.STOPPED


@pytest.mark.parametrize("kind", list(RebootKind))
async def test_a_reboot_is_a_new_boot(world: VmWorld, driver: FakeVms, kind: RebootKind) -> None:
    async with world.agent():
        before = await world.want_vm(make_spec())
        after = await world.want_vm(make_spec(boot_generation=2, boot_kind=kind))
        assert before is not None and after is not None
        assert after.boot_generation == 2
        assert after.pid != before.pid
        assert driver.vms[SERVER].console.count(b"boot ") == 2


async def test_a_suspended_guest_has_no_process_and_goes_on_where_it_was(
    world: VmWorld, driver: FakeVms
) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        seen = await world.want_vm(make_spec(power=Power.SUSPENDED))
        assert seen is not None and (seen.power, seen.pid) == (Power.SUSPENDED, None)
    async with world.agent():
        seen = await world.want_vm(make_spec())
        assert seen is not None and seen.power is Power.RUNNING
        # It boots once only: what it says at a boot stands there once.
        assert bytes(driver.vms[SERVER].console).count(b"boot") == 1


async def test_a_disk_grows_by_a_layer_and_goes_back(world: VmWorld, driver: FakeVms) -> None:
    grown = [msgspec.structs.replace(disk, layers=[1, 2]) for disk in make_disks()]
    async with world.agent():
        await world.want_vm(make_spec())
        spec = make_spec(image_generation=2, boot_generation=2, disks=grown)
        seen = await world.want_vm(spec)
        assert seen is not None and seen.image_generation == 2
        assert driver.vms[SERVER].disks == {(d, n) for d in ("vda", "vdb") for n in (1, 2)}
        await world.want_vm(make_spec(boot_generation=3))
        assert driver.vms[SERVER].disks == {("vda", 1), ("vdb", 1)}


async def test_a_rebuild_replaces_every_disk(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        seen = await world.want_vm(make_spec(image_generation=2))
        assert seen is not None
        assert seen.image_generation == 2
        assert driver.vms[SERVER].disks == {("vda", 2), ("vdb", 2)}


async def test_devices_come_and_go_while_it_runs(world: VmWorld) -> None:
    async with world.agent():
        first, second, nic = make_volume(), make_volume(), make_nic()
        before = await world.want_vm(make_spec(volumes=[first]))
        seen = await world.want_vm(make_spec(volumes=[second], nics=[nic]))
        assert before is not None and seen is not None
        assert seen.attached_volumes == [second.attachment_id]
        assert seen.attached_ports == [nic.port_id]
        assert seen.pid == before.pid


async def test_it_waits_for_its_ports_and_says_so(world: VmWorld) -> None:
    world.taps.missing.add("port-1")
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec(nics=[make_nic("port-1")]))
        told = await world.until(Kind.VM, SERVER, lambda told: bool(told.waiting) and told.present)
        assert not told.settled
        world.taps.missing.clear()
        world.loop.wake(Kind.VM, SERVER)
        await world.until(Kind.VM, SERVER)


async def test_a_guest_that_turned_itself_off_is_told_and_stays_off(
    world: VmWorld, driver: FakeVms
) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        driver.power_off(SERVER)
        told = await world.until(Kind.VM, SERVER, has_stopped)
        seen = seen_vm(told)
        assert seen is not None
        assert seen.boot_generation == 1
        again = await world.want_vm(make_spec(boot_generation=2))
        assert again is not None
        assert again.power is Power.RUNNING


async def test_a_crash_is_told_and_not_undone(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        driver.crash(SERVER)
        await world.until(Kind.VM, SERVER, has_stopped)
        assert driver.vms[SERVER].process is Process.NONE


async def test_a_restarted_agent_finds_its_guests_running(world: VmWorld) -> None:
    async with world.agent():
        before = await world.want_vm(make_spec())
    async with world.agent():
        after = seen_vm(await world.until(Kind.VM, SERVER))
    assert before == after


async def test_a_restarted_host_brings_its_guests_back(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
    driver.restart_host()
    async with world.agent():
        seen = seen_vm(await world.until(Kind.VM, SERVER))
    assert seen is not None
    assert seen.power is Power.RUNNING


async def test_a_failure_that_passes_is_told_and_then_forgotten(
    world: VmWorld, driver: FakeVms
) -> None:
    driver.fail("attach_volume", Unavailable("cannot attach the volume: nobody answers"), times=3)
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec(volumes=[make_volume()]))
        told = await world.until(Kind.VM, SERVER, lambda told: told.fault is not None)
        assert told.fault is not None
        assert told.fault.kind == "Unavailable"
        assert not told.fault.terminal
        told = await world.until(Kind.VM, SERVER)
        assert told.fault is None


async def test_a_full_disk_is_final_until_the_wish_changes(world: VmWorld, driver: FakeVms) -> None:
    driver.fail("launch", OSError(errno.ENOSPC, "No space left on device: /secret/path"), times=1)
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec())
        told = await world.until(Kind.VM, SERVER, lambda told: told.fault is not None)
        assert told.fault is not None
        assert told.fault.message == "cannot start the guest: no space left on the host's disk"
        assert told.fault.kind == "NoCapacity"
        assert told.fault.terminal
        await asyncio.sleep(0.5)
        assert driver.vms[SERVER].process is Process.NONE
        seen = await world.want_vm(make_spec())
        assert seen is not None
        assert seen.power is Power.RUNNING


async def test_a_guest_that_never_starts_is_given_up(world: VmWorld, driver: FakeVms) -> None:
    driver.fail("launch", Unavailable("cannot start the guest: its process ended"), times=100)
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec())
        told = await world.until(
            Kind.VM, SERVER, lambda told: told.fault is not None and told.fault.terminal
        )
        assert told.fault is not None
        assert told.fault.message == "cannot start the guest: its process ended"
        assert await world.want_vm(None) is None


async def test_an_image_with_other_bytes_is_refused_for_every_vm(
    world: VmWorld, driver: FakeVms
) -> None:
    world.images.pause_s = 0.1
    image = make_image(sha512="0" * 128)
    async with world.agent():
        for id in (SERVER, "other"):
            world.wish(Kind.VM, id, make_spec(server_id=id, disks=make_disks(image)))
        for id in (SERVER, "other"):
            told = await world.until(Kind.VM, id, lambda told: told.fault is not None)
            assert told.fault is not None
            assert told.fault.terminal
            assert "checksum" in told.fault.message
    assert driver.bases == set()


async def test_an_unexpected_error_says_nothing_of_its_inside(
    world: VmWorld, driver: FakeVms
) -> None:
    driver.fail("create_disk", RuntimeError("/var/lib/somewhere"), times=2)
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec())
        told = await world.until(Kind.VM, SERVER, lambda told: told.fault is not None)
        assert told.fault is not None
        assert "/var" not in told.fault.message
        assert told.fault.message.startswith("cannot make the guest's disk")
        await world.until(Kind.VM, SERVER)


async def test_a_wish_may_change_while_an_image_is_on_its_way(
    world: VmWorld, driver: FakeVms
) -> None:
    world.images.pause_s = 0.3
    async with world.agent():
        world.wish(Kind.VM, SERVER, make_spec())
        await world.until(Kind.VM, SERVER, lambda told: told.waiting == "the image to arrive")
        assert await world.want_vm(None) is None
        assert driver.vms == {}


async def test_every_step_may_fail_after_its_effect(world: VmWorld, driver: FakeVms) -> None:
    methods = ("prepare", "store_base", "create_disk", "create_config_drive", "launch")
    methods += ("attach_volume", "attach_nic", "press", "end_process", "remove")
    for method in methods:
        driver.fail(method, Unavailable("cannot go on"), after=True)
    async with world.agent():
        spec = make_spec(volumes=[make_volume()], nics=[make_nic()], config_drive=True)
        assert await world.want_vm(spec) is not None
        assert await world.want_vm(None) is None
        assert driver.vms == {}


async def test_what_the_control_plane_does_not_mention_is_left_alone(
    world: VmWorld, driver: FakeVms
) -> None:
    await driver.prepare("unknown")
    async with world.agent():
        world.loop.wake(Kind.VM, "unknown")
        await asyncio.sleep(0.05)
    assert "unknown" in driver.vms


async def test_many_vms_share_one_fetch(world: VmWorld) -> None:
    fetches = 0
    fetch = world.images.fetch

    async def count(image_id: str):  # type: ignore[no-untyped-def]
        nonlocal fetches
        fetches += 1
        async for piece in fetch(image_id):
            yield piece

    world.images.fetch = count  # type: ignore[method-assign]
    world.images.pause_s = 0.05
    async with world.agent():
        ids = [f"vm-{number}" for number in range(5)]
        for id in ids:
            world.wish(Kind.VM, id, make_spec(server_id=id, documents=make_documents()))
        for id in ids:
            await world.until(Kind.VM, id)
    assert fetches == 1
    assert world.images.data == RAW_IMAGE


async def test_a_restarted_host_starts_nothing_that_it_has_not_asked_about(
    world: VmWorld, driver: FakeVms, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
    driver.restart_host()
    has_asked, observe = False, driver.observe
    world.may_start = lambda: has_asked

    async def observe_and_hear(server_id: str) -> LocalVm:
        """The answer, that the guest runs elsewhere, comes while the host looks at it."""
        nonlocal has_asked
        seen = await observe(server_id)
        if looks > 2 and not has_asked:
            world.wish(Kind.VM, SERVER, None)
            has_asked = True
        return seen

    async def launch(spec: VmSpec) -> None:
        launched.append(spec.server_id)

    looks, launched = 0, list[str]()
    monkeypatch.setattr(driver, "launch", launch)
    monkeypatch.setattr(driver, "observe", observe_and_hear)
    async with world.agent():
        told = await world.until(Kind.VM, SERVER, lambda told: "control plane" in told.waiting)
        assert driver.vms[SERVER].process is Process.NONE and not told.settled
        looks = 3
        await world.until(Kind.VM, SERVER, lambda told: told.settled and not told.present)
    assert launched == []
