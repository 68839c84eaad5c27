"""One process at a time is on a cloud's SQLite database."""

import fcntl
import os
from pathlib import Path

import pytest

from pilvi.commands.database_lock import hold_sqlite, is_held
from pilvi.errors import Conflict
from pilvi.settings import Settings


def test_sqlite_has_one_process_and_postgresql_any_number(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "state"))
    assert not is_held(settings)
    assert not settings.state.exists(), "who only asks makes nothing"
    lock = hold_sqlite(settings)
    assert lock is not None and is_held(settings)
    with pytest.raises(Conflict, match="pilvi db copy"):
        hold_sqlite(settings)
    fcntl.flock(lock, fcntl.LOCK_UN)
    assert not is_held(settings)
    os.close(lock)
    again = hold_sqlite(settings)
    assert again is not None
    os.close(again)
    assert hold_sqlite(Settings(state_dir=str(tmp_path), database_url="postgresql://x/y")) is None
