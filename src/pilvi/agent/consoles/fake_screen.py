"""A VNC server without a guest: RFB 3.8 (RFC 6143), no security, a picture that keys change.

It speaks the true protocol, so that clients of fake clouds have something to talk to. The screen
shows bars; each key that is pressed moves them by one colour.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 200
VERSION = b"RFB 003.008\n"
NONE = 1
# Red, green, blue, each 0 or 1: white, yellow, cyan, green, magenta, red, blue, black.
BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0))
# Bytes of one message of a client. Lower: a long list of encodings is refused; higher: more memory.
MESSAGE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class _Pixels:
    """The pixel format in force: section 7.4."""

    bytes_each: int = 4
    is_big: bool = False
    maxima: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    def pack(self, colour: tuple[int, int, int]) -> bytes:
        value = sum(
            on * most << shift
            for on, most, shift in zip(colour, self.maxima, self.shifts, strict=True)
        )
        return value.to_bytes(self.bytes_each, "big" if self.is_big else "little")


class FakeScreen:
    """One client's conversation: give it what the client sends, and it writes its answers."""

    def __init__(self, name: str, write: Callable[[bytes], None]) -> None:
        self._name = name.encode()[:60]
        self._write = write
        self._pixels = _Pixels()
        self._turn = 0
        self._is_asked = False

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Talk until the client goes or breaks the protocol."""
        self._write(VERSION)
        if not (await reader.readexactly(12)).startswith(b"RFB 003."):
            return
        self._write(bytes((1, NONE)))
        if await reader.readexactly(1) != bytes((NONE,)):
            return
        self._write(bytes(4))
        await reader.readexactly(1)
        wanted = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
        size = struct.pack(">HH", WIDTH, HEIGHT)
        self._write(size + wanted + struct.pack(">L", len(self._name)) + self._name)
        while True:
            await self._take(reader)

    async def _take(self, reader: asyncio.StreamReader) -> None:
        """One message of the client: section 7.5."""
        match (await reader.readexactly(1))[0]:
            case 0:
                self._set_pixels((await reader.readexactly(19))[3:])
            case 2:
                _, count = struct.unpack(">BH", await reader.readexactly(3))
                await reader.readexactly(4 * count)
            case 3:
                self._ask(is_incremental=bool((await reader.readexactly(9))[0]))
            case 4:
                self._press(is_down=bool((await reader.readexactly(7))[0]))
            case 5:
                await reader.readexactly(5)
            case 6:
                _, length = struct.unpack(">3sL", await reader.readexactly(7))
                if length > MESSAGE_BYTES_MAX:
                    raise EOFError("a longer text than anybody pastes")
                await reader.readexactly(length)
            case other:
                raise EOFError(f"a message of the unknown kind {other}")

    def _set_pixels(self, given: bytes) -> None:
        bits, _, is_big, _, red, green, blue, *shifts = struct.unpack(">BBBBHHHBBB3x", given)
        self._pixels = _Pixels(bits // 8, bool(is_big), (red, green, blue), tuple(shifts))

    def _ask(self, *, is_incremental: bool) -> None:
        """The client wants to see: all at once, or what changes from now on."""
        self._is_asked = is_incremental
        if not is_incremental:
            self._show()

    def _press(self, *, is_down: bool) -> None:
        if is_down:
            self._turn += 1
            if self._is_asked:
                self._is_asked = False
                self._show()

    def _show(self) -> None:
        """The whole picture, in the encoding that every client knows: Raw."""
        bar = WIDTH // len(BARS)
        colours = [BARS[(place + self._turn) % len(BARS)] for place in range(len(BARS))]
        row = b"".join(self._pixels.pack(colour) * bar for colour in colours)
        head = struct.pack(">BxH HHHH l", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
        self._write(head + row * HEIGHT)
