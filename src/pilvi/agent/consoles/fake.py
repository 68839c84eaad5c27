"""Consoles of fake guests: a VNC server and a serial line in memory, for tests and `--fake`.

The serial line echoes what is typed and answers each line; what it says is in the console's output
as well. A connection ends with its guest's process, as a real one does.
"""

import asyncio
import contextlib

from pilvi.agent.consoles.fake_screen import FakeScreen
from pilvi.agent.vms.fake import FakeVms
from pilvi.agent.vms.fake_vm import FakeVm
from pilvi.agent.vms.local_vm import Process
from pilvi.errors import NotFound
from pilvi.host_api.consoles import ConsoleLine, ConsoleSpec

# Seconds between looks whether the guest still runs. Lower: more looks; higher: a console outlives
# its guest.
LOOK_S = 0.05
PIECE_BYTES = 64 * 1024
PROMPT = b"fake# "


class _FakeStream:
    """What both lines share; keeps `Stream`."""

    def __init__(self, vms: FakeVms, spec: ConsoleSpec) -> None:
        self._vms = vms
        self._spec = spec
        self._out = bytearray()
        self._news = asyncio.Event()
        self._is_closed = False

    @property
    def guest(self) -> FakeVm | None:
        """The guest, while the process that the session names lives."""
        vm = self._vms.vms.get(self._spec.server_id)
        is_same = vm is not None and vm.started_at == self._spec.started_at
        is_gone = vm is None or vm.process in (Process.NONE, Process.GONE)
        return vm if is_same and not is_gone else None

    def say(self, data: bytes) -> None:
        """Have bytes for the viewer."""
        self._out += data
        self._news.set()

    async def read(self) -> bytes:
        """See `Stream`."""
        while not self._out:
            if self._is_closed or self.guest is None:
                return b""
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
        data = bytes(self._out[:PIECE_BYTES])
        del self._out[:PIECE_BYTES]
        return data

    async def close(self) -> None:
        """See `Stream`."""
        self._is_closed = True
        self._news.set()


class FakeSerial(_FakeStream):
    """A serial line at which a very small shell answers."""

    def __init__(self, vms: FakeVms, spec: ConsoleSpec) -> None:
        super().__init__(vms, spec)
        self._line = bytearray()

    async def write(self, data: bytes) -> None:
        """See `Stream`."""
        guest = self.guest
        if guest is None:
            raise BrokenPipeError("the guest has ended")
        for one in data:
            if one in b"\r\n":
                words = bytes(self._line).decode(errors="replace").strip()
                self._line.clear()
                answer = f"fake guest heard: {words}\r\n".encode() if words else b""
                self._tell(guest, b"\r\n" + answer + PROMPT)
            else:
                self._line.append(one)
                self._tell(guest, bytes((one,)))

    def _tell(self, guest: FakeVm, data: bytes) -> None:
        guest.console += data
        self.say(data)


class FakeVnc(_FakeStream):
    """A screen with bars."""

    def __init__(self, vms: FakeVms, spec: ConsoleSpec) -> None:
        super().__init__(vms, spec)
        self._in = asyncio.StreamReader()
        screen = FakeScreen(f"fake guest {spec.server_id}", self.say)
        self._serving = asyncio.ensure_future(self._serve(screen))

    async def _serve(self, screen: FakeScreen) -> None:
        with contextlib.suppress(EOFError):
            await screen.serve(self._in)
        await self.close()

    async def write(self, data: bytes) -> None:
        """See `Stream`."""
        if self.guest is None or self._is_closed:
            raise BrokenPipeError("the guest has ended")
        self._in.feed_data(data)

    async def close(self) -> None:
        """See `Stream`."""
        await super().close()
        if asyncio.current_task() is not self._serving:
            self._serving.cancel()


class FakeConsoles:
    """Lines of a fake host's guests; keeps `ConsoleDriver`."""

    def __init__(self, vms: FakeVms) -> None:
        self._vms = vms

    async def open(self, spec: ConsoleSpec) -> FakeSerial | FakeVnc:
        """See `ConsoleDriver`."""
        kind = FakeSerial if spec.line is ConsoleLine.SERIAL else FakeVnc
        stream = kind(self._vms, spec)
        if stream.guest is None:
            await stream.close()
            raise NotFound("cannot open the console: the guest was stopped or started again")
        return stream
