import asyncio
from pathlib import Path

import pytest

from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.local_vm import Button, Process
from pilvi.errors import Unavailable
from vm_world import RAW_IMAGE, SERVER, Images, make_image, make_spec


async def test_a_step_fails_as_often_as_it_is_told(tmp_path: Path) -> None:
    driver = FakeVms(tmp_path)
    driver.fail("prepare", Unavailable("cannot"), times=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await driver.prepare(SERVER)
    assert driver.vms == {}
    driver.fail("prepare", Unavailable("cannot"), after=True)
    with pytest.raises(Unavailable):
        await driver.prepare(SERVER)
    assert set(driver.vms) == {SERVER}


async def test_a_step_takes_as_long_as_it_is_told(tmp_path: Path) -> None:
    driver = FakeVms(tmp_path)
    driver.delay("prepare", 10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await driver.prepare(SERVER)
    assert driver.vms == {}


async def test_it_refuses_wrong_bytes_as_the_real_one_does(tmp_path: Path) -> None:
    driver = FakeVms(tmp_path)
    with pytest.raises(HostTerminal):
        await driver.store_base(make_image(sha512="0"), Images(RAW_IMAGE).fetch(""))
    assert driver.bases == set()


async def test_a_guest_does_what_its_attributes_say(tmp_path: Path) -> None:
    driver = FakeVms(tmp_path)
    driver.obeys_power_button = False
    await driver.prepare(SERVER)
    await driver.launch(make_spec())
    await driver.press(SERVER, Button.RESUME)
    await driver.press(SERVER, Button.POWER)
    assert (await driver.observe(SERVER)).process is Process.RUNNING
    driver.power_off(SERVER)
    assert (await driver.observe(SERVER)).process is Process.SHUT_DOWN
    driver.restart_host()
    assert (await driver.observe(SERVER)).process is Process.GONE
