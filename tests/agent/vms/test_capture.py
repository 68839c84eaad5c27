import asyncio
from pathlib import Path

import pytest

from pilvi.agent.vms.capture import CaptureStep, Sending, plan_capture
from pilvi.agent.vms.driver import CaptureState, LocalCapture
from pilvi.agent.vms.fake import FakeVms
from pilvi.errors import Conflict, NotFound, Unavailable
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import CaptureSpec
from pilvi.settings import Settings
from vm_world import SERVER, VmWorld, make_spec, seen_capture

IMAGE = "9b9b9b9b-1111-4222-8333-666666666666"
SPEC = CaptureSpec(image_id=IMAGE, server_id=SERVER, device="vda", disk_format="qcow2")


@pytest.fixture
def driver(tmp_path: Path) -> FakeVms:
    return FakeVms(tmp_path)


@pytest.fixture
def world(tmp_path: Path, driver: FakeVms) -> VmWorld:
    return VmWorld(Settings(state_dir=str(tmp_path)), driver)


@pytest.mark.parametrize(
    ("state", "sending", "step"),
    [
        (CaptureState.NONE, Sending.NOT, CaptureStep.START),
        (CaptureState.COPYING, Sending.NOT, CaptureStep.WAIT),
        (CaptureState.ENDED, Sending.NOT, CaptureStep.COLLECT),
        (CaptureState.COPIED, Sending.NOT, CaptureStep.SEND),
        (CaptureState.COPIED, Sending.RUNNING, CaptureStep.WAIT),
        (CaptureState.COPIED, Sending.ENDED, CaptureStep.FINISH),
        (CaptureState.SENT, Sending.NOT, CaptureStep.NOTHING),
    ],
)
def test_a_capture_goes_one_way(state: CaptureState, sending: Sending, step: CaptureStep) -> None:
    assert plan_capture(True, LocalCapture(state), sending) is step


def test_a_capture_that_is_not_wanted_is_removed() -> None:
    for state in CaptureState:
        gone = CaptureStep.NOTHING if state is CaptureState.NONE else CaptureStep.REMOVE
        assert plan_capture(False, LocalCapture(state), Sending.NOT) is gone


async def test_a_disk_is_copied_and_sent_once(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        told = await world.until(Kind.CAPTURE, IMAGE)
        assert seen_capture(told).state == "sent"
        assert world.images.sent[IMAGE].startswith(b"QFI\xfb")
        world.images.sent.clear()
    async with world.agent():
        told = await world.until(Kind.CAPTURE, IMAGE)
        assert seen_capture(told).state == "sent"
        assert world.images.sent == {}
        world.wish(Kind.CAPTURE, IMAGE, None)
        assert not (await world.until(Kind.CAPTURE, IMAGE)).present
        assert driver.captures == {}


async def test_a_send_that_fails_is_repeated(world: VmWorld) -> None:
    world.images.failure = Unavailable("cannot reach the control plane")
    async with world.agent():
        await world.want_vm(make_spec())
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        told = await world.until(Kind.CAPTURE, IMAGE, lambda told: told.fault is not None)
        assert seen_capture(told).state == "sending"
        world.images.failure = None
        told = await world.until(Kind.CAPTURE, IMAGE)
        assert told.fault is None
        assert IMAGE in world.images.sent


async def test_a_copy_is_sent_again_while_an_earlier_try_holds_the_image(world: VmWorld) -> None:
    world.images.failure = Conflict("cannot write the image: it is saving")
    async with world.agent():
        await world.want_vm(make_spec())
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        told = await world.until(Kind.CAPTURE, IMAGE, lambda told: told.fault is not None)
        assert told.fault is not None and not told.fault.terminal
        world.images.failure = None
        assert seen_capture(await world.until(Kind.CAPTURE, IMAGE)).state == "sent"
        assert IMAGE in world.images.sent


async def test_an_image_that_is_gone_ends_the_capture(world: VmWorld, driver: FakeVms) -> None:
    world.images.failure = NotFound("cannot find the image")
    async with world.agent():
        await world.want_vm(make_spec())
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        told = await world.until(Kind.CAPTURE, IMAGE, lambda told: told.fault is not None)
        assert told.fault is not None
        assert told.fault.terminal
        assert driver.captures == {}


async def test_a_server_that_is_gone_ends_the_capture(world: VmWorld) -> None:
    async with world.agent():
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        told = await world.until(Kind.CAPTURE, IMAGE, lambda told: told.fault is not None)
        assert told.fault is not None
        assert told.fault.terminal
        assert told.fault.kind == "NotFound"


async def test_a_withdrawn_capture_stops_sending(world: VmWorld, driver: FakeVms) -> None:
    async with world.agent():
        await world.want_vm(make_spec())
        world.images.pause_s = 30
        world.wish(Kind.CAPTURE, IMAGE, SPEC)
        await world.until(Kind.CAPTURE, IMAGE, lambda told: seen_capture(told).state == "sending")
        world.wish(Kind.CAPTURE, IMAGE, None)
        assert not (await world.until(Kind.CAPTURE, IMAGE)).present
        await asyncio.sleep(0.05)
        assert world.images.sent == {}
        assert driver.captures == {}
