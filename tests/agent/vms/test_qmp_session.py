import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pilvi.agent.vms.folder import QMP_SOCKET, GuestFolder
from pilvi.agent.vms.guests import Changes
from pilvi.agent.vms.process import GuestProcess, spawn
from pilvi.agent.vms.qmp_session import CommandRefused, QmpSession
from pilvi.errors import Unavailable

needs_qemu = pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="needs QEMU")


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    return GuestFolder(tmp_path, os.getuid())


@pytest.fixture
async def process(folder: GuestFolder) -> AsyncIterator[GuestProcess]:
    """A QEMU without a machine."""
    socket = f"unix:{QMP_SOCKET},server=on,wait=off"
    command = ["qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none"]
    process = spawn([*command, "-qmp", socket], folder.path, folder.open_log(), [])
    yield process
    process.kill()
    process.close()


async def connect(folder: GuestFolder, events: list[str]) -> QmpSession:
    def take(event: str, _data: dict[str, Any]) -> None:
        events.append(event)

    async with asyncio.timeout(10):
        while True:
            try:
                return await QmpSession.connect(folder, take)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.01)


@needs_qemu
async def test_a_conversation_has_answers_refusals_events_and_an_end(
    folder: GuestFolder, process: GuestProcess
) -> None:
    events: list[str] = []
    session = await connect(folder, events)
    assert (await session.execute("query-version"))["qemu"]["major"] >= 5
    with pytest.raises(CommandRefused) as caught:
        await session.execute("object-del", {"id": "nothing"})
    assert caught.value.kind == "Unavailable"
    assert "nothing" not in caught.value.message
    await session.try_execute("object-del", {"id": "nothing"})
    descriptor = os.open("/dev/null", os.O_RDONLY)
    await session.give_descriptor("null", descriptor)
    os.close(descriptor)
    await session.execute("closefd", {"fdname": "null"})
    assert not session.is_closed
    await session.close()
    assert session.is_closed
    again = await connect(folder, events)
    await again.try_execute("quit", {})
    assert await process.wait(5)
    with pytest.raises(Unavailable):
        await again.execute("query-version")
    await again.close()
    assert "SHUTDOWN" in events


async def test_changes_are_told_once_until_they_are_read() -> None:
    changes = Changes()
    for id in ("a", "b", "a"):
        changes.add(id)
    seen = []
    async for id in changes.read():
        seen.append(id)
        if id == "b":
            break
    assert seen == ["a", "b"]
