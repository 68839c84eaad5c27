"""Joining a WebSocket with a guest's line: what waits, what is dropped, what ends it."""

import asyncio

import pytest

from pilvi.agent.consoles.pipe import DROPPED, Backlog, join
from pilvi.host_api.consoles import CloseCode, ConsoleLine


class Queue:
    """A socket or a stream whose bytes the test gives and takes."""

    def __init__(self, room: int = 1000) -> None:
        self.given: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.taken: list[bytes] = []
        self.reads = 0
        self.room = asyncio.Semaphore(room)
        self.is_gone = False

    async def receive(self) -> bytes | None:
        self.reads += 1
        return await self.given.get()

    async def send(self, data: bytes) -> bool:
        await self.room.acquire()
        self.taken.append(data)
        return not self.is_gone

    async def read(self) -> bytes:
        return await self.receive() or b""

    async def write(self, data: bytes) -> None:
        if not await self.send(data):
            raise BrokenPipeError

    async def close(self, code: int = 0, reason: str = "") -> None:
        raise AssertionError("whoever joins two does not close them")


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("line", ConsoleLine)
async def test_bytes_go_both_ways_until_the_guest_ends(line: ConsoleLine) -> None:
    socket, stream = Queue(), Queue()
    joined = asyncio.ensure_future(join(socket, stream, line))
    socket.given.put_nowait(b"typed")
    stream.given.put_nowait(b"shown")
    await settle()
    assert (socket.taken, stream.taken) == ([b"shown"], [b"typed"])
    stream.given.put_nowait(b"last")
    stream.given.put_nowait(None)
    assert await joined is CloseCode.GUEST_GONE
    assert b"".join(socket.taken) == b"shownlast"


@pytest.mark.parametrize("line", ConsoleLine)
async def test_a_viewer_that_goes_ends_it(line: ConsoleLine) -> None:
    socket, stream = Queue(), Queue()
    joined = asyncio.ensure_future(join(socket, stream, line))
    socket.given.put_nowait(None)
    assert await joined is CloseCode.DONE
    joined = asyncio.ensure_future(join(socket, stream, line))
    socket.is_gone = True
    stream.given.put_nowait(b"shown")
    assert await joined is CloseCode.DONE


async def test_a_guest_that_takes_nothing_more_has_ended() -> None:
    socket, stream = Queue(), Queue()
    stream.is_gone = True
    socket.given.put_nowait(b"typed")
    assert await join(socket, stream, ConsoleLine.SERIAL) is CloseCode.GUEST_GONE


async def test_a_slow_viewer_holds_a_screen_up_and_never_a_serial_line() -> None:
    for line, reads in ((ConsoleLine.VNC, 2), (ConsoleLine.SERIAL, 101)):
        socket, stream = Queue(room=1), Queue()
        for _ in range(100):
            stream.given.put_nowait(b"x" * 1000)
        joined = asyncio.ensure_future(join(socket, stream, line))
        for _ in range(10):
            await settle()
        assert stream.reads == reads, line
        joined.cancel()


async def test_a_backlog_keeps_the_newest_and_says_what_is_missing() -> None:
    backlog = Backlog(limit=10)
    for data in (b"aaaa", b"bbbb", b"cccc", b"dddd"):
        backlog.put(data)
    assert await backlog.take() == DROPPED + b"ccccdddd"
    backlog.put(b"e" * 50)
    assert await backlog.take() == b"e" * 50
    backlog.put(b"last")
    backlog.end()
    assert await backlog.take() == b"last"
    assert await backlog.take() == b""


async def test_a_backlog_waits_for_news() -> None:
    backlog = Backlog()
    waiting = asyncio.ensure_future(backlog.take())
    await settle()
    assert not waiting.done()
    backlog.put(b"news")
    assert await waiting == b"news"
