"""One guest's life on the real driver: what only a guest that runs can show."""

import asyncio
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from host.console import SerialConsole
from pilvi.agent.vms.boot import read_boot
from pilvi.agent.vms.process import find_processes
from pilvi.agent.vms.qemu import QemuVms
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import CaptureSpec, Nic, Power, VmSpec
from pilvi.settings import Settings
from vm_world import (
    SERVER,
    Images,
    VmWorld,
    make_disks,
    make_documents,
    make_image,
    make_nic,
    make_spec,
    seen_capture,
    seen_vm,
)

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(240)]

REPOSITORY = Path(__file__).parents[2]
CLONE_NEWNET = 0x40000000
TUNSETIFF, TAP_FLAGS = 0x400454CA, 0x0002 | 0x1000 | 0x4000
COPY = "9b9b9b9b-1111-4222-8333-666666666666"


class NamespaceTaps:
    """Taps in a network namespace of this test."""

    def __init__(self, name: str) -> None:
        self.name = name

    def is_ready(self, port_id: str) -> bool:
        return True

    def open_tap(self, port_id: str) -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            assert libc.setns(there, CLONE_NEWNET) == 0
            tap = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", port_id.encode(), TAP_FLAGS))
            return tap
        finally:
            assert libc.setns(here, CLONE_NEWNET) == 0
            os.close(here)
            os.close(there)


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture(scope="module")
def guest_image() -> bytes:
    done = subprocess.run(
        [str(REPOSITORY / "bin/build-guest")], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(done.stdout.strip()).read_bytes()


@pytest.fixture
async def world(namespace: str, guest_image: bytes) -> AsyncIterator[VmWorld]:
    folder = tempfile.mkdtemp(prefix="pilvi-test-")
    settings = Settings(state_dir=folder, name_prefix=f"t{uuid.uuid4().hex[:5]}")
    driver = QemuVms(settings)
    world = VmWorld(settings, driver)
    world.images = Images(guest_image)
    world.taps = NamespaceTaps(namespace)  # type: ignore[assignment]
    try:
        yield world
        await driver.remove(SERVER)
        await driver.close()
    finally:
        for process in find_processes(settings.uid_guest_first):
            process.kill()
            process.close()
        shutil.rmtree(folder)


def make_guest(world: VmWorld, **changes: object) -> VmSpec:
    data = world.images.data
    image = make_image(data, disk_format="qcow2", virtual_size_bytes=64 << 20)
    spec = make_spec(
        memory_mib=128,
        disks=make_disks(image),
        nics=[make_nic("tap1")],
        config_drive=True,
        documents=make_documents(user_data=b"#!/bin/sh\necho user-data-ran\n"),
    )
    return msgspec.structs.replace(spec, **changes)


async def read_until(world: VmWorld, words: bytes, offset: int = 0) -> int:
    """Read the console until some words were printed; answers its size."""
    async with asyncio.timeout(90):
        for _ in range(10_000):
            piece = await world.vms.read_console(SERVER, offset, 1 << 20)
            if words in piece.data:
                return piece.size
            await asyncio.sleep(0.05)
    raise AssertionError(words)


async def shell(world: VmWorld, command: str) -> str:
    """What a command in the guest prints."""
    folder = os.open(world.settings.agent_dir / "vms" / SERVER / "guest", os.O_PATH)
    try:
        with SerialConsole(f"/proc/self/fd/{folder}/serial.sock") as console:
            return await asyncio.to_thread(console.run, command, 60, False)
    finally:
        os.close(folder)


async def until_guest(world: VmWorld, command: str, words: str) -> None:
    async with asyncio.timeout(20):
        for _ in range(100):
            if words in await shell(world, command):
                return
            await asyncio.sleep(0.2)


async def test_the_life_of_a_guest(world: VmWorld) -> None:
    async with world.agent():
        first = await world.want_vm(make_guest(world), timeout_s=30)
        assert first is not None and first.pid is not None
        size = await read_until(world, b"GUEST: READY")
        await read_until(world, b"user-data-ran")
        await read_until(world, b"source=configdrive")

        second = Nic(port_id="tap2", mac="fa:16:3e:00:00:22", mtu=1400)
        seen = await world.want_vm(make_guest(world, nics=[make_nic("tap1"), second]))
        assert seen is not None and seen.attached_ports == ["tap1", "tap2"]
        await until_guest(world, "cat /sys/class/net/eth1/address /sys/class/net/eth1/mtu", "1400")
        seen = await world.want_vm(make_guest(world), timeout_s=30)
        assert seen is not None and seen.attached_ports == ["tap1"]
        assert seen.pid == first.pid
        await until_guest(world, "test -e /sys/class/net/eth1 || echo it-is-gone", "it-is-gone")

        copy = CaptureSpec(image_id=COPY, server_id=SERVER, device="vda", disk_format="qcow2")
        world.wish(Kind.CAPTURE, COPY, copy)
        told = await world.until(Kind.CAPTURE, COPY, timeout_s=60)
        assert seen_capture(told).state == "sent"
        assert world.images.sent[COPY].startswith(b"QFI\xfb")
        assert "still-here" in await shell(world, "echo still-here > /tmp/x; cat /tmp/x")

        world.wish(Kind.VM, SERVER, make_guest(world, power=Power.STOPPED))
        stopped = seen_vm(await world.until(Kind.VM, SERVER, timeout_s=30))
        assert stopped is not None and stopped.power is Power.STOPPED
        assert not Path(f"/proc/{first.pid}").exists()
        assert read_boot(world.settings, SERVER) == ""

        again = await world.want_vm(make_guest(world))
        assert again is not None and again.pid != first.pid
        assert (await world.vms.read_console(SERVER, 0, 1)).size >= size
        await read_until(world, b"GUEST: READY", size)
        assert read_boot(world.settings, SERVER).count("GUEST: READY") == 1
    await world.driver.close()
    async with world.agent():
        adopted = seen_vm(await world.until(Kind.VM, SERVER))
        assert adopted is not None and adopted.pid == again.pid
        assert "up" in await shell(world, "echo up; sync; (sleep 1; poweroff -f) &")
        told = await world.until(
            Kind.VM, SERVER, lambda told: told.settled and b"stopped" in bytes(told.seen)
        )
        assert told.present
        assert await world.want_vm(None) is None
        assert world.driver.list_vms() == []
