"""Drivers that fail, hang and outlive their agent."""

import asyncio
import errno
import random
from pathlib import Path

import pytest

from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Process as VmProcess
from pilvi.errors import Unavailable
from pilvi.settings import Settings
from pilvi.testing.simulation.hardware import Hardware, Trouble
from pilvi.testing.simulation.loop import SimulatedLoop


def make(folder: Path) -> Hardware:
    return Hardware.make(Settings(state_dir=str(folder), fake=True), "host", random.Random(1))


@pytest.mark.parametrize(
    ("trouble", "is_done"), [(Trouble.BEFORE, False), (Trouble.AFTER, True), (Trouble.TWICE, True)]
)
def test_a_call_fails_before_or_after_its_effect(
    tmp_path: Path, trouble: Trouble, is_done: bool
) -> None:
    hardware = make(tmp_path)
    hardware.decide = lambda part, method: trouble if method == "prepare" else None

    async def work() -> None:
        driver = hardware.wrapped().vms
        if trouble is Trouble.TWICE:
            await driver.prepare("a")
        else:
            with pytest.raises(Unavailable):
                await driver.prepare("a")

    SimulatedLoop(random.Random(1)).run_until_complete(work())
    assert ("a" in hardware.drivers.vms.vms) is is_done


def test_a_full_disk_refuses_what_needs_room_and_nothing_else(tmp_path: Path) -> None:
    hardware = make(tmp_path)
    hardware.is_full = True

    async def work() -> None:
        driver = hardware.wrapped()
        with pytest.raises(OSError, match="space") as found:
            await driver.volumes.make_file("v", 1)
        assert found.value.errno == errno.ENOSPC
        await driver.vms.remove("a")

    SimulatedLoop(random.Random(1)).run_until_complete(work())


def test_a_hang_is_longer_than_a_try(tmp_path: Path) -> None:
    hardware = make(tmp_path)
    hardware.decide = lambda part, method: Trouble.HANGS

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(300):
                await hardware.wrapped().vms.prepare("a")

    SimulatedLoop(random.Random(1)).run_until_complete(work())


def test_without_power_only_disks_are_left(tmp_path: Path) -> None:
    hardware = make(tmp_path)
    hardware.drivers.vms.vms["a"] = FakeVm(process=VmProcess.RUNNING, disks={("vda", 1)})
    hardware.lose_power()
    vm = hardware.drivers.vms.vms["a"]
    assert (vm.process, vm.disks) == (VmProcess.GONE, {("vda", 1)})
    assert not hardware.drivers.volumes.is_running
