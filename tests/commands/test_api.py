"""What `pilvi api` refuses before it serves."""

import os
from pathlib import Path

import pytest

from pilvi.commands.api import run_api
from pilvi.commands.database_lock import hold_sqlite
from pilvi.errors import Conflict, InvalidRequest
from pilvi.settings import Settings


def test_beside_another_process_nothing_is_touched(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path))
    lock = hold_sqlite(settings)
    assert lock is not None
    with pytest.raises(Conflict, match="second process"):
        run_api(settings)
    os.close(lock)
    assert [path.name for path in settings.api_dir.iterdir()] == ["lock"]


def test_a_fake_cloud_is_its_own_process(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path), fake=True)
    settings.fake_hosts_dir.mkdir()
    with pytest.raises(InvalidRequest, match="pilvi up --fake"):
        run_api(settings)
    assert not settings.api_dir.exists()
