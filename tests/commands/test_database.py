"""`pilvi db …` as a person types it, and that SQLite has one process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import run_admin_now
from pilvi.commands.processes import record_process
from pilvi.migrations import newest_revision, read_revision, upgrade_database
from pilvi.settings import Settings, save_settings


def pilvi(state: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pilvi.cli", *words, "--state-dir", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A cloud that was never started, with an empty database."""
    settings = Settings(state_dir=str(tmp_path / "state"), fake=True)
    for folder in (settings.api_dir, settings.run_dir):
        folder.mkdir(parents=True)
    save_settings(settings)
    upgrade_database(settings.database)
    return settings


@pytest.fixture
def target(postgres_url: str) -> Iterator[str]:
    """URL of a PostgreSQL database that was just made."""
    run_admin_now(postgres_url, "CREATE DATABASE target")
    yield postgres_url.format(name="target")
    run_admin_now(postgres_url, "DROP DATABASE target WITH (FORCE)")


def test_version_and_upgrade(settings: Settings, tmp_path: Path) -> None:
    newest = newest_revision()
    code, said = pilvi(settings.state, "db", "version")
    assert (code, said.strip()) == (0, f"revision {newest}, newest known {newest}")
    for path in settings.api_dir.glob("pilvi.db*"):
        path.unlink()
    assert "revision none" in pilvi(settings.state, "db", "version")[1]
    assert pilvi(settings.state, "db", "upgrade")[0] == 0
    assert read_revision(settings.database) == newest


def test_copy_says_what_it_did_and_what_is_next(settings: Settings, target: str) -> None:
    code, said = pilvi(settings.state, "db", "copy", "--to", target)
    assert code == 0, said
    assert "every count agrees" in said and "database_url" in said
    assert read_revision(target) == newest_revision()


def test_copy_is_refused_while_the_cloud_runs_and_for_what_is_no_url(settings: Settings) -> None:
    for url in ("nonsense", "mysql://there/x"):
        code, said = pilvi(settings.state, "db", "copy", "--to", url)
        assert code == 1 and "cannot read the URL" in said
    record_process(settings, "api", os.getpid())
    code, said = pilvi(settings.state, "db", "copy", "--to", "sqlite:////nowhere/x.db")
    assert code == 1 and "end its API processes first" in said


def test_copy_of_an_older_revision_is_refused(settings: Settings, tmp_path: Path) -> None:
    for path in settings.api_dir.glob("pilvi.db*"):
        path.unlink()
    code, said = pilvi(settings.state, "db", "copy", "--to", f"sqlite:///{tmp_path}/x.db")
    assert code == 1 and "pilvi db upgrade" in said
