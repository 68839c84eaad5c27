"""Streams are counted by session, and end when the server stops."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from pilvi.dashboard.client import Refused
from pilvi.dashboard.session import Session
from pilvi.dashboard.streams import STREAMS_MAX, Streams


def session(token: str) -> Session:
    return Session(
        token=token,
        user_id="u",
        user_name="u",
        project_id="p",
        project_name="p",
        is_admin=False,
        expires_at=time.time() + 60,
        form_key="k",
    )


async def events() -> AsyncIterator[str]:
    yield "one"
    raise RuntimeError("it broke")


async def test_a_place_is_given_back_however_a_stream_ends() -> None:
    streams, mine = Streams(), session("mine")
    opened = [streams.open(mine, events()) for _ in range(STREAMS_MAX)]
    with pytest.raises(Refused) as refused:
        streams.open(mine, events())
    assert refused.value.status == 429
    streams.open(session("other"), events())

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: object) -> None:
        """Nobody listens."""

    with pytest.raises(RuntimeError):
        await opened[0]({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    assert streams.count == STREAMS_MAX
    streams.open(mine, events())


async def test_a_pause_ends_at_a_stop() -> None:
    streams = Streams()
    assert await streams.pause(0.01)
    waiting = asyncio.create_task(streams.pause(60))
    await asyncio.sleep(0)
    streams.stop()
    assert not await asyncio.wait_for(waiting, 20)
    assert not await streams.pause(60)
