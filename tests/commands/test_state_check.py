"""A damaged or lost file is named with the way back; nothing is made in its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.kept_cloud import kept_cloud
from pilvi.commands.clouds import clouds_path
from pilvi.commands.prepare import prepare_cloud
from pilvi.commands.state_check import MARK, check_state
from pilvi.errors import InvalidRequest, PilviError, Unavailable
from pilvi.settings import FILE_NAME, Settings, load_settings


@pytest.fixture
def kept() -> Iterator[Settings]:
    """A cloud's state directory."""
    with kept_cloud() as settings:
        yield settings


def _refused(settings: Settings, path: Path) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(PilviError) as refused:
        prepare_cloud(settings)
    message = refused.value.message
    assert str(path) in message and message.startswith("cannot ")
    assert f"pilvi restore FILE --state-dir {settings.state_dir}" in message
    assert (path.read_bytes() if path.is_file() else None) == before, "nothing is guessed"
    return message


def test_a_whole_cloud_starts_again_and_again(kept: Settings) -> None:
    check_state(kept)
    prepare_cloud(kept)
    assert (kept.api_dir / MARK).exists()


def test_a_first_start_that_was_killed_is_finished(kept: Settings) -> None:
    (kept.api_dir / MARK).unlink()
    (kept.api_dir / "pilvi.db").unlink()
    prepare_cloud(kept)
    assert (kept.api_dir / "pilvi.db").stat().st_size > 0


@pytest.mark.parametrize("keep", [0, 50, 5000, 200_000])
def test_a_cut_database(kept: Settings, keep: int) -> None:
    path = kept.api_dir / "pilvi.db"
    path.write_bytes(path.read_bytes()[:keep])
    _refused(kept, path)


def test_a_lost_database(kept: Settings) -> None:
    path = kept.api_dir / "pilvi.db"
    path.unlink()
    assert "gone or empty" in _refused(kept, path)


def test_a_database_with_a_torn_page(kept: Settings) -> None:
    path = kept.api_dir / "pilvi.db"
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xa5" * 8192
    path.write_bytes(content)
    _refused(kept, path)


@pytest.mark.parametrize("folder", ["keys", "credential-keys"])
def test_keys(kept: Settings, folder: str) -> None:
    (path,) = (kept.api_dir / folder).glob("*.key")
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    _refused(kept, path)
    path.unlink()
    _refused(kept, kept.api_dir / folder)


@pytest.mark.parametrize("text", ["", "clouds: [", "clouds: {pilvi: {}}", "\x00\x01"])
def test_passwords(kept: Settings, text: str) -> None:
    path = clouds_path(kept)
    path.write_text(text)
    _refused(kept, path)


def test_lost_passwords(kept: Settings) -> None:
    clouds_path(kept).unlink()
    with pytest.raises(Unavailable, match="gone"):
        prepare_cloud(kept)
    assert not clouds_path(kept).exists()


@pytest.mark.parametrize("content", [b"listen_port = ", b"\xff\xfe", b"listen_port = 'x'"])
def test_settings(kept: Settings, content: bytes) -> None:
    path = kept.state / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=f"cannot read {path}"):
        load_settings(kept.state)
