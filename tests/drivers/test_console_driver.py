"""One suite for every console driver, fake and real."""

import asyncio
import contextlib
import shutil
import struct
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.consoles.driver import ConsoleDriver, Stream
from pilvi.agent.consoles.fake import FakeConsoles
from pilvi.agent.consoles.qemu import QemuConsoles
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.local_vm import Button, Ended
from pilvi.agent.vms.process import find_processes
from pilvi.agent.vms.qemu import QemuVms
from pilvi.errors import NotFound
from pilvi.host_api.consoles import ConsoleLine, ConsoleSpec
from pilvi.host_api.vms import VmSpec
from pilvi.settings import Settings
from vm_world import RAW_IMAGE, Images, make_image, make_spec

REAL = [pytest.mark.root, pytest.mark.guest]
LOOK_S = 2.0
SOON_S = 20.0


@dataclass
class Host:
    """Guests of one host, and their consoles."""

    vms: HostDriver
    consoles: ConsoleDriver

    async def start(self, spec: VmSpec) -> None:
        """A guest that runs; without a system on its disk, its firmware shows what it can."""
        await self.vms.prepare(spec.server_id)
        await self.vms.store_base(make_image(), Images(RAW_IMAGE).fetch(""))
        for disk in spec.disks:
            await self.vms.create_disk(spec.server_id, disk, spec.image_generation)
        await self.boot(spec)

    async def boot(self, spec: VmSpec) -> None:
        """Its process, let go."""
        await self.vms.launch(spec)
        await self.vms.press(spec.server_id, Button.RESUME)

    async def name(self, spec: VmSpec, line: ConsoleLine) -> ConsoleSpec:
        """A session with a guest as it runs now."""
        seen = await self.vms.observe(spec.server_id)
        assert seen.started_at is not None
        return ConsoleSpec(
            session_id="s",
            server_id=spec.server_id,
            line=line,
            started_at=seen.started_at,
            secret="x",
        )


@pytest.fixture(params=["fake", pytest.param("qemu", marks=REAL)])
async def host(request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    folder = tempfile.mkdtemp(prefix="pilvi-test-")
    settings = Settings(state_dir=folder, name_prefix=f"t{uuid.uuid4().hex[:5]}")
    if request.param == "fake":
        fakes = FakeVms(Path(folder))
        made = Host(fakes, FakeConsoles(fakes))
    else:
        made = Host(QemuVms(settings), QemuConsoles(settings))
    try:
        yield made
        for server_id in made.vms.list_vms():
            await made.vms.remove(server_id)
        await made.vms.close()
    finally:
        for uid in range(settings.uid_guest_first, settings.uid_guest_first + 3):
            for process in find_processes(uid):
                process.kill()
                process.close()
        shutil.rmtree(folder)


@pytest.fixture
def spec() -> VmSpec:
    return make_spec(server_id=str(uuid.uuid4()))


async def read(stream: Stream, count: int) -> bytes:
    """At least so many bytes."""
    seen = b""
    async with asyncio.timeout(SOON_S):
        while len(seen) < count:
            data = await stream.read()
            assert data, f"it ended after {seen!r}"
            seen += data
    return seen


async def greet(stream: Stream) -> tuple[int, int]:
    """The handshake of RFB 3.8, and the screen's size."""
    assert await read(stream, 12) == b"RFB 003.008\n"
    await stream.write(b"RFB 003.008\n")
    kinds = await read(stream, 2)
    assert 1 in kinds[1:]
    await stream.write(b"\x01")
    assert await read(stream, 4) == bytes(4)
    await stream.write(b"\x01")
    start = await read(stream, 24)
    (length,) = struct.unpack(">L", start[20:24])
    if len(start) < 24 + length:
        await read(stream, 24 + length - len(start))
    width, height = struct.unpack(">HH", start[:4])
    return width, height


async def read_screen(stream: Stream, width: int, height: int) -> bytes:
    """The pixels of the whole screen, four bytes each."""
    await stream.write(struct.pack(">BxHl", 2, 1, 0))
    await stream.write(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
    buffered, pixels = b"", b""
    while len(pixels) < width * height * 4:
        if len(buffered) < 16:
            buffered += await read(stream, 16 - len(buffered))
        kind, count, _, _, wide, high, encoding = struct.unpack(">BxHHHHHl", buffered[:16])
        assert (kind, encoding) == (0, 0)
        assert count == 1
        size = 16 + wide * high * 4
        if len(buffered) < size:
            buffered += await read(stream, size - len(buffered))
        pixels += buffered[16:size]
        buffered = buffered[size:]
    return pixels


async def test_a_screen_can_be_seen(host: Host, spec: VmSpec) -> None:
    await host.start(spec)
    seen = b""
    async with asyncio.timeout(SOON_S):
        while not any(seen):
            stream = await host.consoles.open(await host.name(spec, ConsoleLine.VNC))
            # A picture that was asked for before the firmware changed the size never comes.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    seen = await read_screen(stream, *await greet(stream))
            await stream.close()
            await asyncio.sleep(0.2)
    assert any(seen)


async def test_several_look_at_a_screen_at_once(host: Host, spec: VmSpec) -> None:
    await host.start(spec)
    session = await host.name(spec, ConsoleLine.VNC)
    streams = [await host.consoles.open(session) for _ in range(3)]
    for stream in streams:
        # Its firmware changes the size while they greet.
        assert all(await greet(stream))
    for stream in streams:
        await stream.close()


async def test_a_serial_line_survives_viewers_that_disappear(host: Host, spec: VmSpec) -> None:
    await host.start(spec)
    session = await host.name(spec, ConsoleLine.SERIAL)
    for _ in range(3):
        stream = await host.consoles.open(session)
        await stream.write(b"typed\r")
        for _ in range(2):
            await stream.close()
    seen = await host.vms.observe(spec.server_id)
    assert seen.started_at == session.started_at


@pytest.mark.parametrize("line", ConsoleLine)
async def test_a_stream_ends_with_the_guest(host: Host, spec: VmSpec, line: ConsoleLine) -> None:
    await host.start(spec)
    stream = await host.consoles.open(await host.name(spec, line))
    await host.vms.end_process(spec.server_id, Ended.ASKED)
    async with asyncio.timeout(SOON_S):
        while await stream.read():
            pass
    await stream.close()


@pytest.mark.parametrize("line", ConsoleLine)
async def test_no_other_process_is_ever_opened(host: Host, spec: VmSpec, line: ConsoleLine) -> None:
    await host.start(spec)
    session = await host.name(spec, line)
    stranger = msgspec.structs.replace(session, server_id=str(uuid.uuid4()))
    earlier = msgspec.structs.replace(session, started_at=session.started_at - 1)
    for wrong in (stranger, earlier):
        with pytest.raises(NotFound):
            await host.consoles.open(wrong)
    await host.vms.end_process(spec.server_id, Ended.ASKED)
    with pytest.raises(NotFound):
        await host.consoles.open(session)
    await host.boot(spec)
    with pytest.raises(NotFound):
        await host.consoles.open(session)
    stream = await host.consoles.open(await host.name(spec, line))
    await stream.close()
