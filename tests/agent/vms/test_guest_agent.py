import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pilvi.agent.vms import guest_agent
from pilvi.agent.vms.folder import GUEST_AGENT_SOCKET, GuestFolder


class Agent:
    """A guest that answers what it is told to, and remembers what it was asked."""

    def __init__(self, answer: bytes | None = b'{"return": 1}\n') -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        self.asked.append(line.decode().split('"')[3])
        if self.answer is not None:
            writer.write(self.answer)
            await writer.drain()
            await reader.read()
        writer.close()


@asynccontextmanager
async def serving(folder: GuestFolder, agent: Agent) -> AsyncIterator[None]:
    server = await asyncio.start_unix_server(agent.serve, folder.path / GUEST_AGENT_SOCKET)
    async with server:
        yield


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    return GuestFolder(tmp_path, os.getuid())


async def test_a_guest_with_an_agent_is_frozen_and_thawed(folder: GuestFolder) -> None:
    agent = Agent()
    async with serving(folder, agent):
        assert await guest_agent.is_there(folder)
        assert await guest_agent.freeze(folder)
        await guest_agent.thaw(folder)
    assert agent.asked == ["guest-ping", "guest-fsfreeze-freeze", "guest-fsfreeze-thaw"]


async def test_a_guest_without_an_agent_is_not_waited_for(folder: GuestFolder) -> None:
    assert not await guest_agent.is_there(folder)
    async with asyncio.timeout(guest_agent.PING_S * 2), serving(folder, Agent(None)):
        assert not await guest_agent.is_there(folder)


@pytest.mark.parametrize(
    "answer", [b'{"error": {"class": "x"}}\n', b"\xff" * 10_000, b"[[[[[[[[\n", b""]
)
async def test_nonsense_is_a_refusal(
    folder: GuestFolder, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_agent, "FREEZE_S", 0.2)
    async with serving(folder, Agent(answer)):
        assert not await guest_agent.freeze(folder)
