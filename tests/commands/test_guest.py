"""The cache of the test guest."""

import fcntl
import threading
from pathlib import Path

import pytest

from pilvi.commands.guest import remove_guest_cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, with a built image."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    guest = tmp_path / "pilvi" / "guest"
    guest.mkdir(parents=True)
    for name in ("lock", "guest.qcow2", "stamp"):
        (guest / name).write_text("")
    return guest


def test_everything_of_it_goes_and_going_again_is_no_error(cache: Path) -> None:
    remove_guest_cache()
    assert not cache.parent.exists()
    remove_guest_cache()


def test_a_build_is_waited_for(cache: Path) -> None:
    with (cache / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        removal = threading.Thread(target=remove_guest_cache)
        removal.start()
        removal.join(0.2)
        assert removal.is_alive()
        assert (cache / "guest.qcow2").exists()
    removal.join(10)
    assert not cache.parent.exists()
