"""Forked work."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pilvi.testing.simulation.farm import ChildDied, run_forked


def _work(task: int, folder: Path) -> int:
    assert not folder.exists()
    if task == 3:
        raise RuntimeError("cannot")
    if task == 4:
        os._exit(7)
    return task * task


def test_each_task_is_answered_by_a_process_of_its_own() -> None:
    found = dict(run_forked([1, 2, 3, 4, 5], _work, 2))
    assert (found[1], found[2], found[5]) == (1, 4, 25)
    assert isinstance(found[3], ChildDied) and "cannot" in str(found[3])
    assert isinstance(found[4], ChildDied) and str(7 << 8) in str(found[4])


def test_tasks_are_taken_when_there_is_somebody_to_do_them(tmp_path: Path) -> None:
    taken = []

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    answers = run_forked(source(), partial(_sleep, tmp_path / "pid"), 2)
    assert next(answers) == (0, 0)
    assert taken == [0, 1]
    while not (tmp_path / "pid").exists():
        time.sleep(0.01)
    answers.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def _sleep(note: Path, task: int, folder: Path) -> int:
    if task == 1:
        note.with_suffix(".new").write_text(str(os.getpid()))
        note.with_suffix(".new").rename(note)
        time.sleep(60)
    return task
