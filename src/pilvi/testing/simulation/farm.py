"""Runs many things, each in a forked process of its own that starts from a warm parent."""

import os
import pickle
import selectors
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

Task = TypeVar("Task")


def run_forked(
    tasks: Iterable[Task], work: Callable[[Task, Path], Any], jobs: int
) -> Iterator[tuple[Task, Any]]:
    """The answers of `work`, as they come; a task whose process died answers its `ChildDied`.

    Tasks are taken from their source one by one, when there is somebody to do them.
    """
    waiting, chooser = enumerate(tasks), selectors.DefaultSelector()
    with tempfile.TemporaryDirectory(prefix="pilvi-simulation-", dir=_memory()) as home:
        try:
            while True:
                while len(chooser.get_map()) < jobs:
                    following = next(waiting, None)
                    if following is None:
                        break
                    number, task = following
                    _start(task, work, Path(home) / str(number), chooser)
                if not chooser.get_map():
                    return
                for key, _ in chooser.select():
                    task, pid, pieces = key.data
                    piece = os.read(key.fd, 1 << 20)
                    if piece:
                        pieces.append(piece)
                        continue
                    chooser.unregister(key.fd)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    yield task, _read(b"".join(pieces), status)
        finally:
            for key in [*chooser.get_map().values()]:
                os.kill(key.data[1], signal.SIGKILL)
                os.waitpid(key.data[1], 0)
                os.close(key.fd)
            chooser.close()


class ChildDied(Exception):
    """The process of one task ended without an answer."""


def _read(answer: bytes, status: int) -> Any:
    return pickle.loads(answer) if answer else ChildDied(f"its process ended with {status}")


def _start(task: Task, work: Callable[[Task, Path], Any], folder: Path, chooser: Any) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        chooser.register(reading, selectors.EVENT_READ, (task, pid, []))
        return
    # The child ends without any clean-up: what was killed in it must never be collected.
    try:
        os.close(reading)
        try:
            answer = work(task, folder)
        except BaseException as error:
            answer = ChildDied(f"{error!r}: {traceback.format_exc()[-2000:]}")
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
    finally:
        os._exit(0)


def _memory() -> str | None:
    """A folder in memory, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
