"""Who serves a cloud on SQLite: one process, which holds a lock as long as it lives."""

import fcntl
import os

from pilvi.errors import Conflict
from pilvi.settings import Settings

NAME = "lock"
"""Of the file, in the folder of the API."""


def hold_sqlite(settings: Settings) -> int | None:
    """Be the only process on the cloud's SQLite database; the kernel lets go of it at the end.

    Raises `Conflict` beside another one. None on PostgreSQL, which has any number.
    """
    if settings.database_url:
        return None
    settings.api_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
    lock = _lock(settings, os.O_CREAT)
    if lock is None:
        raise Conflict(
            f"cannot serve {settings.state_dir} by a second process: its database is SQLite; "
            "move it to PostgreSQL with 'pilvi db copy'"
        )
    return lock


def is_held(settings: Settings) -> bool:
    """Whether a process, whoever started it, is on the SQLite database in the state directory."""
    try:
        lock = _lock(settings, 0)
    except FileNotFoundError:
        return False
    if lock is not None:
        os.close(lock)
    return lock is None


def _lock(settings: Settings, flags: int) -> int | None:
    lock = os.open(settings.api_dir / NAME, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
