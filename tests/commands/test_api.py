"""What `pilvi api` refuses before it serves."""

import fcntl
import os
from pathlib import Path

import pytest

from pilvi.commands.api import hold_sqlite
from pilvi.errors import Conflict
from pilvi.settings import Settings


def test_sqlite_has_one_process_and_postgresql_any_number(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path))
    settings.api_dir.mkdir()
    lock = hold_sqlite(settings)
    assert lock is not None
    with pytest.raises(Conflict, match="pilvi db copy"):
        hold_sqlite(settings)
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
    again = hold_sqlite(settings)
    assert again is not None
    os.close(again)
    assert hold_sqlite(Settings(state_dir=str(tmp_path), database_url="postgresql://x/y")) is None
