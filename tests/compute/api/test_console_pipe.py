"""Carrying bytes between a viewer and a host, and how both are ended."""

import asyncio

import pytest

from pilvi.compute.api.console_pipe import close_ends, join_ends
from pilvi.compute.operations.console_meetings import Closed
from pilvi.host_api.consoles import CloseCode


class Side:
    """An end whose bytes the test gives and takes."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[bytes | Closed] = asyncio.Queue()
        self.taken: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.reads = 0
        self.takes = asyncio.Event()
        self.takes.set()
        self.is_gone = False
        self.hangs = False

    async def receive(self) -> bytes | Closed:
        self.reads += 1
        return await self.given.get()

    async def send(self, data: bytes) -> Closed | None:
        await self.takes.wait()
        self.taken.append(data)
        return Closed(1006) if self.is_gone else None

    async def close(self, code: int, reason: str) -> None:
        if self.hangs:
            await asyncio.sleep(100)
        self.closed.append((code, reason))


def begin(viewer: Side, host: Side, idle_s: float = 60) -> tuple[asyncio.Future[Closed], ...]:
    over: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
    return asyncio.ensure_future(join_ends(viewer, host, over, idle_s)), over


async def test_bytes_go_both_ways_in_order() -> None:
    viewer, host = Side(), Side()
    joined, over = begin(viewer, host)
    for data in (b"a", b"b", b"c"):
        viewer.given.put_nowait(data)
        host.given.put_nowait(data.upper())
    await asyncio.sleep(0.05)
    assert (host.taken, viewer.taken) == ([b"a", b"b", b"c"], [b"A", b"B", b"C"])
    over.set_result(Closed(CloseCode.NOT_ALLOWED))
    assert (await joined).code == CloseCode.NOT_ALLOWED


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Closed(CloseCode.GUEST_GONE, "gone"), CloseCode.GUEST_GONE),
        (Closed(CloseCode.TAKEN_OVER, "taken"), CloseCode.TAKEN_OVER),
        (Closed(1006), CloseCode.HOST_LOST),
        (Closed(1012), CloseCode.HOST_LOST),
    ],
)
async def test_the_word_of_a_host_is_passed_on(said: Closed, told: CloseCode) -> None:
    viewer, host = Side(), Side()
    joined, _ = begin(viewer, host)
    host.given.put_nowait(said)
    closed = await joined
    assert closed.code == told
    assert closed.reason


async def test_a_viewer_that_goes_ends_it_whatever_it_says() -> None:
    for code in (1000, 1001, 1006, 4001):
        viewer, host = Side(), Side()
        joined, _ = begin(viewer, host)
        viewer.given.put_nowait(Closed(code, "bye"))
        assert (await joined).code == CloseCode.DONE
    viewer, host = Side(), Side()
    viewer.is_gone = True
    joined, _ = begin(viewer, host)
    host.given.put_nowait(b"shown")
    assert (await joined).code == CloseCode.DONE


async def test_who_reads_slowly_makes_the_other_wait() -> None:
    viewer, host = Side(), Side()
    viewer.takes.clear()
    joined, over = begin(viewer, host)
    for _ in range(100):
        host.given.put_nowait(b"x")
    await asyncio.sleep(0.05)
    assert host.reads == 1
    viewer.takes.set()
    await asyncio.sleep(0.05)
    assert len(viewer.taken) == 100
    over.set_result(Closed(CloseCode.DONE))
    await joined


async def test_silence_ends_it_and_bytes_put_that_off() -> None:
    viewer, host = Side(), Side()
    loop = asyncio.get_running_loop()
    began = loop.time()
    joined, _ = begin(viewer, host, idle_s=0.3)
    await asyncio.sleep(0.2)
    viewer.given.put_nowait(b"x")
    assert (await joined).code == CloseCode.IDLE
    assert loop.time() - began >= 0.5


async def test_both_ends_are_told_and_a_dead_one_is_not_waited_for() -> None:
    viewer, host = Side(), Side()
    host.hangs = True
    began = asyncio.get_running_loop().time()
    await close_ends([viewer, host], Closed(CloseCode.IDLE, "quiet"))
    assert asyncio.get_running_loop().time() - began < 1.5
    assert viewer.closed == [(CloseCode.IDLE, "quiet")]
