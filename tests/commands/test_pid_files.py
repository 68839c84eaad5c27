"""What runs and what is meant to, in files."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pilvi.commands import pid_files

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]


def _until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_is_found_while_it_runs(tmp_path: Path) -> None:
    pid = pid_files.start(tmp_path, "one", SLEEP)
    assert pid_files.find(tmp_path, "one") == pid
    assert pid_files.find(tmp_path, "other") is None
    os.kill(pid, 9)
    _until(lambda: pid_files.find(tmp_path, "one") is None)
    assert pid_files.start_time(pid) is None


def test_a_number_that_another_process_has_now_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "one.pid").write_text(f"{os.getpid()} 1")
    assert pid_files.find(tmp_path, "one") is None
    (tmp_path / "one.pid").write_text("torn")
    assert pid_files.find(tmp_path, "one") is None


def test_what_is_meant_to_run_is_kept_with_its_command(tmp_path: Path) -> None:
    pid_files.want(tmp_path, "api", ["python", "-m", "a b"])
    pid_files.want(tmp_path, "agent", ["python"])
    assert pid_files.list_wanted(tmp_path) == {"api": ["python", "-m", "a b"], "agent": ["python"]}
    pid_files.unwant(tmp_path, "api")
    pid_files.unwant(tmp_path, "api")
    assert list(pid_files.list_wanted(tmp_path)) == ["agent"]


def test_output_goes_to_a_log(tmp_path: Path) -> None:
    pid_files.start(tmp_path, "one", [sys.executable, "-I", "-S", "-c", "print('said')"])
    _until(lambda: pid_files.find(tmp_path, "one") is None)
    assert (tmp_path / "one.log").read_text() == "said\n"


def test_an_api_has_few_heaps_and_an_agents_guests_as_many_as_they_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    script = "import os; print(os.environ.get('MALLOC_ARENA_MAX'))"
    for name in ("api", "agent"):
        pid_files.start(tmp_path, name, [sys.executable, "-I", "-S", "-c", script])
    for name, told in (("api", "2\n"), ("agent", "None\n")):
        _until(lambda name=name: pid_files.find(tmp_path, name) is None)  # type: ignore[misc]
        assert (tmp_path / f"{name}.log").read_text() == told
