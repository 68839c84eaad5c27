"""The fake VNC server speaks RFB 3.8 as RFC 6143 has it."""

import asyncio
import struct

import pytest

from pilvi.agent.consoles.fake_screen import HEIGHT, WIDTH, FakeScreen

HELLO = b"RFB 003.008\n" + b"\x01" + b"\x01"
ASK = struct.pack(">BBHHHH", 3, 0, 0, 0, WIDTH, HEIGHT)


async def talk(said: bytes, name: str = "s") -> bytes:
    """All that the server answers to all that a client says."""
    answers: list[bytes] = []
    reader = asyncio.StreamReader()
    reader.feed_data(said)
    reader.feed_eof()
    with pytest.raises(EOFError):
        await FakeScreen(name, answers.append).serve(reader)
    return b"".join(answers)


async def test_the_handshake() -> None:
    said = await talk(HELLO, "a name")
    assert said[:12] == b"RFB 003.008\n"
    assert said[12:14] == b"\x01\x01"
    assert said[14:18] == bytes(4)
    assert struct.unpack(">HH", said[18:22]) == (WIDTH, HEIGHT)
    assert said[38:] == struct.pack(">L", 6) + b"a name"


@pytest.mark.parametrize(
    ("pixels", "size", "yellow"),
    [
        ((32, 24, 0, 1, 255, 255, 255, 16, 8, 0), 4, b"\x00\xff\xff\x00"),
        ((32, 24, 1, 1, 255, 255, 255, 16, 8, 0), 4, b"\x00\xff\xff\x00"),
        ((16, 16, 0, 1, 31, 63, 31, 11, 5, 0), 2, b"\xe0\xff"),
        ((8, 8, 0, 1, 7, 7, 3, 0, 3, 6), 1, b"\x3f"),
    ],
)
async def test_the_picture_is_in_the_format_that_was_asked_for(
    pixels: tuple[int, ...], size: int, yellow: bytes
) -> None:
    wanted = struct.pack(">B3xBBBBHHHBBB3x", 0, *pixels)
    picture = (await talk(HELLO + wanted + ASK))[18 + 24 + 1 :]
    assert struct.unpack(">BxHHHHHl", picture[:16]) == (0, 1, 0, 0, WIDTH, HEIGHT, 0)
    assert len(picture) == 16 + WIDTH * HEIGHT * size
    second = 16 + WIDTH // 8 * size
    assert picture[second : second + size] == yellow


async def test_a_key_changes_the_picture_for_who_asked() -> None:
    later = struct.pack(">BBHHHH", 3, 1, 0, 0, WIDTH, HEIGHT)
    key = struct.pack(">BBxxL", 4, 1, 0x20)
    whole = 16 + WIDTH * HEIGHT * 4
    start = 18 + 24 + 1
    assert len(await talk(HELLO + key)) == start
    assert len(await talk(HELLO + ASK + later)) == start + whole
    assert len(await talk(HELLO + ASK + later + key)) == start + 2 * whole


async def test_other_messages_are_read_over() -> None:
    encodings = struct.pack(">BxHll", 2, 2, 0, 16)
    pointer = struct.pack(">BBHH", 5, 0, 1, 1)
    text = struct.pack(">B3xL", 6, 3) + b"cut"
    said = await talk(HELLO + encodings + pointer + text + ASK)
    assert len(said) == 18 + 24 + 1 + 16 + WIDTH * HEIGHT * 4


async def test_what_is_no_rfb_ends_it() -> None:
    answers: list[bytes] = []
    reader = asyncio.StreamReader()
    reader.feed_data(b"GET / HTTP/1.1\r\n")
    await FakeScreen("s", answers.append).serve(reader)
    assert answers == [b"RFB 003.008\n"]
    await talk(HELLO + b"\xff")
    await talk(HELLO + struct.pack(">B3xL", 6, 1 << 31))
