"""What changes in a guest's life on the real driver: grown, suspended, rescued, rebuilt."""

import asyncio

import msgspec
import pytest

from host.test_vm_life import guest_image, make_guest, namespace, read_until, shell, world
from pilvi.agent.vms.process import find_processes
from pilvi.host_api.vms import Disk, DiskKind, Power, RebootKind, VmSpec
from vm_world import SERVER, VmWorld, make_image

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(240)]
__all__ = ["guest_image", "namespace", "world"]

GIB = 1 << 30


def sized(spec: VmSpec, layers: list[int], size_bytes: int) -> VmSpec:
    disks = [
        msgspec.structs.replace(disk, layers=layers, size_bytes=size_bytes) for disk in spec.disks
    ]
    return msgspec.structs.replace(spec, disks=disks, image_generation=layers[-1])


async def boot(world: VmWorld, spec: VmSpec) -> None:
    size = (await world.vms.read_console(SERVER, 0, 1)).size if world.vms else 0
    await world.want_vm(spec, timeout_s=60)
    await read_until(world, b"GUEST: READY", size)


async def sectors(world: VmWorld, device: str) -> int:
    return int((await shell(world, f"cat /sys/block/{device}/size")).split()[-1])


async def test_a_resized_guest_has_its_memory_and_disks_and_goes_back(world: VmWorld) -> None:
    small = sized(make_guest(world), [1], 64 << 20)
    grown = sized(make_guest(world, memory_mib=256, boot_generation=2), [1, 2], GIB)
    async with world.agent():
        await boot(world, small)
        before = int((await shell(world, "awk '/MemTotal/{print $2}' /proc/meminfo")).split()[-1])
        assert await sectors(world, "vda") == (64 << 20) // 512
        await shell(world, "echo kept > /dev/vdb; sync")
        await boot(world, grown)
        after = int((await shell(world, "awk '/MemTotal/{print $2}' /proc/meminfo")).split()[-1])
        assert after > before + 100_000
        assert await sectors(world, "vda") == await sectors(world, "vdb") == GIB // 512
        assert "kept" in await shell(world, "head -c 4 /dev/vdb")
        await shell(world, "echo lost > /dev/vdb; sync")
        back = msgspec.structs.replace(small, boot_generation=3, boot_kind=RebootKind.HARD)
        await boot(world, back)
        assert await sectors(world, "vda") == (64 << 20) // 512
        assert "kept" in await shell(world, "head -c 4 /dev/vdb")


async def test_a_suspended_guest_keeps_counting_after_the_agent_was_restarted(
    world: VmWorld,
) -> None:
    async with world.agent():
        await boot(world, make_guest(world))
        count = "(n=0; while :; do n=$((n+1)); echo $n > /tmp/n; sleep 0.1; done) & echo started"
        assert "started" in await shell(world, count)
        await asyncio.sleep(1)
        seen = await world.want_vm(make_guest(world, power=Power.SUSPENDED), timeout_s=30)
        assert seen is not None and (seen.power, seen.pid) == (Power.SUSPENDED, None)
        assert find_processes(world.settings.uid_guest_first) == []
        size = (await world.vms.read_console(SERVER, 0, 1)).size
    await world.driver.close()
    async with world.agent():
        seen = await world.want_vm(make_guest(world), timeout_s=30)
        assert seen is not None and seen.power is Power.RUNNING
        first = int((await shell(world, "cat /tmp/n")).split()[-1])
        assert first >= 5
        await asyncio.sleep(1)
        assert int((await shell(world, "cat /tmp/n")).split()[-1]) > first
        assert "eth0" in await shell(world, "ls /sys/class/net")
        piece = await world.vms.read_console(SERVER, size, 1 << 20)
        assert b"GUEST: READY" not in piece.data
        # A second time, from the state of a process that was itself restored.
        seen = await world.want_vm(make_guest(world, power=Power.SUSPENDED), timeout_s=30)
        assert seen is not None and seen.power is Power.SUSPENDED
        seen = await world.want_vm(make_guest(world), timeout_s=30)
        assert seen is not None and seen.power is Power.RUNNING
        assert int((await shell(world, "cat /tmp/n")).split()[-1]) > first


async def test_a_rescue_disk_is_first_and_a_rebuild_gives_a_fresh_one(world: VmWorld) -> None:
    image = make_image(world.images.data, disk_format="qcow2", virtual_size_bytes=64 << 20)
    rescue = Disk(
        device="rescue", kind=DiskKind.IMAGE, size_bytes=80 << 20, image=image, layers=[9]
    )
    own = make_guest(world)
    async with world.agent():
        await boot(world, own)
        await shell(world, "echo mark | dd of=/dev/vda bs=512 seek=120000 conv=notrunc; sync")
        rescued = make_guest(world, boot_generation=2, disks=[rescue, *own.disks])
        await boot(world, rescued)
        assert await sectors(world, "vda") == (80 << 20) // 512
        assert "mark" in await shell(world, "dd if=/dev/vdb bs=512 skip=120000 count=1")
        await boot(world, make_guest(world, boot_generation=3))
        assert "mark" in await shell(world, "dd if=/dev/vda bs=512 skip=120000 count=1")
        await boot(world, make_guest(world, boot_generation=4, image_generation=2))
        assert "mark" not in await shell(world, "dd if=/dev/vda bs=512 skip=120000 count=1")
