"""A backup holds one moment of a cloud, and a restored cloud is that cloud."""

import os
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from commands.kept_cloud import add_blob, kept_cloud
from pilvi.commands.backup import LIST_NAME, run_backup, run_restore
from pilvi.commands.clouds import clouds_path
from pilvi.commands.database_lock import hold_sqlite
from pilvi.commands.pid_files import record
from pilvi.commands.prepare import prepare_cloud
from pilvi.errors import Conflict, InvalidRequest
from pilvi.settings import Settings

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def kept() -> Iterator[Settings]:
    """A cloud's state directory with an image."""
    with kept_cloud() as settings:
        add_blob(settings)
        yield settings


@pytest.fixture
def archive(kept: Settings, tmp_path: Path) -> Path:
    """Its backup."""
    path = tmp_path / "backup.tar"
    run_backup(kept, path, QUIET)
    return path


def _files(folder: Path) -> dict[str, bytes]:
    """What there is, but for what SQLite keeps beside a database while a connection is open."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "before-restore" not in str(path)
        and not path.name.endswith(("-wal", "-shm"))
    }


def _ids(settings: Settings) -> list[str]:
    with sqlite3.connect(settings.api_dir / "pilvi.db") as connection:
        tables = ("identity_users", "image_images", "network_networks")
        return [
            str(connection.execute(f"SELECT id FROM {t} ORDER BY id").fetchall()) for t in tables
        ]


def test_it_comes_back_whole_on_a_bare_machine(
    kept: Settings, archive: Path, tmp_path: Path
) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    bare = tmp_path / "bare"
    run_restore(archive, bare, QUIET)
    found, wanted = _files(bare), _files(kept.state)
    for name in ("settings.toml", "clouds.yaml"):
        assert found[name] == wanted[name]
    secrets = [n for n in wanted if n.startswith(("api/keys", "api/credential-keys", "api/images"))]
    assert len(secrets) == 3
    assert {name: found[name] for name in secrets} == {name: wanted[name] for name in secrets}
    assert _ids(Settings(state_dir=str(bare))) == _ids(kept)


def test_a_damaged_cloud_is_put_back_and_the_damage_kept_aside(archive: Path) -> None:
    with kept_cloud() as broken:
        (broken.api_dir / "pilvi.db").write_bytes(b"torn")
        passwords = clouds_path(broken).read_bytes()
        for _ in range(2):
            run_restore(archive, broken.state, QUIET)
        asides = list(broken.state.glob("before-restore-*"))
        contents = [(aside / "api" / "pilvi.db").read_bytes() for aside in asides]
        assert len(contents) == 2 and b"torn" in contents
        assert {(aside / "clouds.yaml").read_bytes() for aside in asides} == {passwords}
        prepare_cloud(broken)


def test_images_that_go_meanwhile_are_still_in_it(kept: Settings, archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    (blob,) = [name for name in names if name.startswith("api/images/blobs/")]
    assert (kept.state / blob).exists()
    assert names[-1] == LIST_NAME
    assert not list(kept.api_dir.glob("backup-*")), "nothing is left of the making"


def test_a_file_that_is_there_is_not_overwritten(kept: Settings, archive: Path) -> None:
    with pytest.raises(Conflict, match="is there already"):
        run_backup(kept, archive, QUIET)


def test_nobody_else_can_lay_a_file_where_secrets_will_be_written(
    kept: Settings, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("whole")
    for name in ("backup.tar.part", "backup.tar.new"):
        (tmp_path / name).symlink_to(victim)
    path = tmp_path / "backup.tar"
    run_backup(kept, path, QUIET)
    assert victim.read_text() == "whole"
    assert not path.is_symlink() and path.stat().st_mode & 0o777 == 0o600
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left == ["backup.tar", "backup.tar.new", "backup.tar.part", "victim"]


@pytest.mark.parametrize(("name", "words"), [("api", "the api runs"), ("fake", "cloud runs")])
def test_a_running_cloud_is_not_restored(
    kept: Settings, archive: Path, name: str, words: str
) -> None:
    kept.run_dir.mkdir(exist_ok=True)
    record(kept.run_dir, name, os.getpid())
    with pytest.raises(Conflict, match=words):
        run_restore(archive, kept.state, QUIET)
    (kept.run_dir / f"{name}.pid").unlink()


def test_a_cloud_that_somebody_else_keeps_running_is_not_restored(
    kept: Settings, archive: Path
) -> None:
    lock = hold_sqlite(kept)
    assert lock is not None
    with pytest.raises(Conflict, match="systemctl stop"):
        run_restore(archive, kept.state, QUIET)
    os.close(lock)


def test_a_file_that_cannot_be_made_is_said(kept: Settings, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "x"
    with pytest.raises(InvalidRequest, match=f"cannot write {target}: No such file"):
        run_backup(kept, target, QUIET)
    assert not list(kept.api_dir.glob("backup-*"))


@pytest.mark.parametrize("keep", [0, 100, 5000, -20_000])
def test_a_cut_archive_changes_nothing(kept: Settings, archive: Path, keep: int) -> None:
    before = _files(kept.state)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(InvalidRequest, match="cannot restore"):
        run_restore(archive, kept.state, QUIET)
    assert _files(kept.state) == before


def test_a_changed_byte_is_noticed(kept: Settings, archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    place = content.index(b"SQLite format 3") + 50_000
    content[place] ^= 1
    archive.write_bytes(content)
    with pytest.raises(InvalidRequest, match="damaged"):
        run_restore(archive, tmp_path / "bare", QUIET)
    assert not list((tmp_path / "bare").iterdir())


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "api/keys/../../evil", "api/evil"])
def test_an_archive_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as opened:
        entry = tarfile.TarInfo(name)
        opened.addfile(entry)
    with pytest.raises(InvalidRequest, match="it holds"):
        run_restore(path, tmp_path / "bare", QUIET)
    assert not (tmp_path / "evil").exists()
