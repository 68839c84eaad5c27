import os
import sqlite3
from pathlib import Path

import pytest

from pilvi.settings import Settings
from pilvi.testing.template import KEEP_S, ensure_template, lay_template


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def count_images(settings: Settings) -> int:
    with sqlite3.connect(settings.api_dir / "pilvi.db") as connection:
        return int(connection.execute("SELECT count(*) FROM image_images").fetchone()[0])


async def test_a_template_is_made_once_for_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "a"), fake=True)
    first = await ensure_template(settings)
    made = first.stat().st_mtime_ns
    again = await ensure_template(Settings(state_dir=str(tmp_path / "b"), fake=True))
    assert again == first and again.stat().st_mtime_ns == made
    other = await ensure_template(
        Settings(state_dir=str(tmp_path / "c"), fake=True, private_cidr="10.9.0.0/24")
    )
    assert other != first


async def test_a_template_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "a"), fake=True)
    template = await ensure_template(settings)
    lay_template(template, settings)
    assert count_images(settings) == 2
    stray = settings.api_dir / "images" / "blobs" / "stray"
    stray.write_bytes(b"x")
    with sqlite3.connect(settings.api_dir / "pilvi.db") as connection:
        connection.execute("DELETE FROM image_images")
    lay_template(template, settings)
    assert count_images(settings) == 2 and not stray.exists()
    assert not (settings.api_dir / "keys").exists()


async def test_old_templates_of_other_code_go(tmp_path: Path, own_cache: Path) -> None:
    old = own_cache / "pilvi" / "fake" / "old"
    old.mkdir(parents=True)
    os.utime(old, (1, 1))
    assert KEEP_S > 0
    await ensure_template(Settings(state_dir=str(tmp_path / "a"), fake=True))
    assert not old.exists()
