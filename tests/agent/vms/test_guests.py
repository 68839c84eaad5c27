import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.vms.guests import Guests
from pilvi.agent.vms.process import GuestProcess, spawn
from pilvi.agent.vms.record import Launched, RecordStore
from pilvi.errors import Unavailable


class Host:
    """One recorded vm whose process is only a sleep."""

    def __init__(self, folder: Path) -> None:
        self.records = RecordStore(folder / "vms", os.getuid(), os.getuid())
        self.changed: list[str] = []
        self.guests = Guests(self.records, self.changed.append)
        record = self.records.allocate("vm")
        self.guests.folder("vm").make()
        launched = Launched(started_at=0.0, accelerator="tcg", begun=True)
        self.records.save(msgspec.structs.replace(record, launched=launched))

    def start(self) -> GuestProcess:
        log = self.guests.folder("vm").open_log()
        process = spawn(["sleep", "60"], Path("/"), log, [])
        os.close(log)
        return process


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(tmp_path)
    yield host
    await host.guests.close()


async def test_a_guest_that_was_seen_alive_is_witnessed_when_it_is_gone(host: Host) -> None:
    process = host.start()
    host.guests.add("vm", process)
    assert host.guests.find("vm") is not None
    assert not host.guests.is_witnessed("vm")
    process.kill()
    assert await process.wait(5)
    host.records.save(msgspec.structs.replace(host.records.get("vm")))
    guest = host.guests.find("vm")
    assert guest is None
    assert host.guests.is_witnessed("vm")
    host.guests.note_end("vm")
    assert not host.guests.is_witnessed("vm")


async def test_one_that_never_answers_is_given_up_when_it_ends(host: Host) -> None:
    process = host.start()
    host.guests.add("vm", process)
    asyncio.get_running_loop().call_later(0.1, process.kill)
    with pytest.raises(Unavailable):
        await host.guests.session("vm")
    assert host.changed == []


async def test_a_vm_that_was_not_launched_has_no_guest(host: Host) -> None:
    host.records.save(msgspec.structs.replace(host.records.get("vm"), launched=None))
    assert host.guests.find("vm") is None
    with pytest.raises(Unavailable):
        await host.guests.session("vm")


async def test_a_device_counts_as_leaving_for_a_while(host: Host) -> None:
    process = host.start()
    guest = host.guests.add("vm", process)
    loop = asyncio.get_running_loop()
    guest.leaving = {"new": loop.time(), "old": loop.time() - 3600}
    assert host.guests.leaving(guest) == {"new"}
    process.kill()
    await process.wait(5)
