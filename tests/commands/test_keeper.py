"""Processes that ended by themselves are there again; those that were told to end stay away."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pilvi.commands import keeper, pid_files

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
ENDS = [sys.executable, "-I", "-S", "-c", "print('tried')"]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """The run directory of a running keeper."""
    process = subprocess.Popen(keeper.command_of(tmp_path))
    yield tmp_path
    process.kill()
    process.wait()
    for name in pid_files.list_wanted(tmp_path):
        if (pid := pid_files.find(tmp_path, name)) is not None:
            os.kill(pid, 9)


def _until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_process_is_started_again(kept: Path) -> None:
    pid_files.want(kept, "api", SLEEP)
    first = pid_files.start(kept, "api", SLEEP)
    for _ in range(2):
        # Its end is noticed at once only when it is watched.
        time.sleep(keeper.LOOK_S + 0.2)
        os.kill(first, 9)
        began = time.monotonic()
        _until(lambda first=first: pid_files.find(kept, "api") not in (None, first))
        assert time.monotonic() - began < keeper.SOON_S
        first = pid_files.find(kept, "api") or 0


def test_one_that_was_told_to_end_stays_away(kept: Path) -> None:
    pid_files.want(kept, "api", SLEEP)
    _until(lambda: pid_files.find(kept, "api"))
    pid = pid_files.find(kept, "api") or 0
    pid_files.unwant(kept, "api")
    os.kill(pid, 9)
    _until(lambda: pid_files.find(kept, "api") is None)
    time.sleep(keeper.LOOK_S + 0.5)
    assert pid_files.find(kept, "api") is None


def test_one_that_ends_at_once_is_tried_less_and_less(tmp_path: Path) -> None:
    watcher, waits = keeper.Keeper(tmp_path), []
    pid_files.want(tmp_path, "broken", ENDS)
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        waits.append(watcher.look())
        time.sleep(0.01)
    tries = (tmp_path / "broken.log").read_text().count("tried")
    assert 2 <= tries <= 6
    assert 0 < min(waits) < keeper.PAUSE_S_MIN


def test_what_it_starts_learns_of_its_children(kept: Path) -> None:
    code = "import subprocess; print('ended', subprocess.run(['false']).returncode, flush=True)"
    command = [sys.executable, "-I", "-S", "-c", f"{code}; import time; time.sleep(60)"]
    pid_files.want(kept, "api", command)
    log = kept / "api.log"
    _until(lambda: log.exists() and "ended" in log.read_text())
    assert log.read_text() == "ended 1\n"
