import asyncio
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms.process import GuestProcess, find_processes, launch_error, spawn, start_lock
from pilvi.errors import NoCapacity, Unavailable


def begin(folder: Path, *command: str, inherited: list[int] | None = None) -> GuestProcess:
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        return spawn(list(command), folder, log, inherited or [])
    finally:
        os.close(log)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[GuestProcess]:
    process = begin(tmp_path, "sleep", "60")
    yield process
    process.kill()
    process.close()


async def test_a_process_lives_in_a_session_of_its_own_until_it_is_killed(
    sleeper: GuestProcess,
) -> None:
    assert sleeper.is_alive
    assert os.getsid(sleeper.pid) == sleeper.pid
    assert not await sleeper.wait(0.01)
    sleeper.kill()
    assert await sleeper.wait(5)
    assert not sleeper.is_alive
    sleeper.kill()
    assert not Path(f"/proc/{sleeper.pid}").exists()


async def test_the_end_of_a_process_is_collected_with_its_words(tmp_path: Path) -> None:
    process = begin(tmp_path, "sh", "-c", "pwd; echo why >&2; exit 3")
    assert await process.wait(5)
    assert process.exit_status == 3
    assert (tmp_path / "log").read_text().split() == [str(tmp_path), "why"]
    process.close()


async def test_a_lock_is_held_for_as_long_as_the_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with start_lock(path) as lock:
        process = begin(tmp_path, "sleep", "60", inherited=[lock])
    with pytest.raises(Unavailable), start_lock(path):
        pass
    process.kill()
    assert await process.wait(5)
    process.close()
    with start_lock(path):
        pass


@pytest.mark.root
async def test_processes_are_found_by_their_uid(tmp_path: Path) -> None:
    uid = 1_999_900_002
    assert find_processes(uid) == []
    child = await asyncio.to_thread(subprocess.Popen, ["sleep", "60"], user=uid)
    try:
        (found,) = find_processes(uid)
        assert found.pid == child.pid
        found.kill()
        assert await asyncio.to_thread(child.wait, 5) == -9
        assert not found.is_alive
        found.close()
    finally:
        child.kill()
        child.wait()
    assert find_processes(uid) == []


def test_the_last_words_of_a_process_tell_why() -> None:
    error = Unavailable("cannot reach")
    full = launch_error("qemu: No space left on device", error)
    assert isinstance(full, OSError) and full.errno == errno.ENOSPC
    memory = launch_error("cannot set up guest memory 'pc.ram': Cannot allocate memory", error)
    assert isinstance(memory, HostTerminal) and memory.kind == NoCapacity.__name__
    other = launch_error("qemu: /a/path: what", error)
    assert isinstance(other, Unavailable) and "/a/path" not in other.message
