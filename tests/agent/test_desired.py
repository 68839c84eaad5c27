import os
from pathlib import Path

import msgspec
import pytest

from pilvi.agent.desired import DesiredState
from pilvi.host_api.contract import Assignment, Desired, Kind
from pilvi.host_api.volumes import VolumeSpec


def wish(id: str, generation: int = 1, *, present: bool = True, size: int = 1) -> Assignment:
    spec = VolumeSpec(volume_id=id, project_id="p", size_bytes=size, exports=[])
    return Assignment(
        kind=Kind.VOLUME,
        id=id,
        generation=generation,
        revision=generation,
        present=present,
        spec=msgspec.Raw(msgspec.json.encode(spec)),
    )


def news(revision: int, *wishes: Assignment, host: str = "h1") -> Desired:
    return Desired(host_id=host, revision=revision, assignments=list(wishes))


def test_what_changed_is_named_once_and_kept(tmp_path: Path) -> None:
    state = DesiredState(tmp_path)
    assert list(state.apply(news(2, wish("a"), wish("b")))) == [
        (Kind.VOLUME, "a"),
        (Kind.VOLUME, "b"),
    ]
    assert list(state.apply(news(2, wish("a"), wish("b")))) == []
    again = DesiredState(tmp_path)
    assert (again.revision, again.host_id) == (2, "h1")
    assert again.list(Kind.VOLUME) and again.find(Kind.VOLUME, "a") == wish("a")
    spec = again.find_spec(Kind.VOLUME, "b", VolumeSpec)
    assert spec is not None and spec.volume_id == "b"


def test_a_wish_for_absence_has_no_spec_and_is_forgotten_once_told(tmp_path: Path) -> None:
    state = DesiredState(tmp_path)
    state.apply(news(1, wish("a")))
    state.forget(Kind.VOLUME, "a", 1)
    assert state.find(Kind.VOLUME, "a") is not None, "a thing to be present is never forgotten"
    state.apply(news(2, wish("a", 2, present=False)))
    assert state.find_spec(Kind.VOLUME, "a", VolumeSpec) is None
    state.forget(Kind.VOLUME, "a", 1)
    assert state.find(Kind.VOLUME, "a") is not None, "an older absence was told"
    for _ in range(2):
        state.forget(Kind.VOLUME, "a", 2)
    assert DesiredState(tmp_path).list(Kind.VOLUME) == []


def test_a_revision_that_went_back_asks_for_everything_and_gives_nothing_up(
    tmp_path: Path,
) -> None:
    state = DesiredState(tmp_path)
    state.apply(news(9, wish("a"), wish("b")))
    assert list(state.apply(news(3, wish("c")))) == []
    assert state.revision == 0 and DesiredState(tmp_path).revision == 0
    assert list(state.apply(news(3, wish("c")))) == [(Kind.VOLUME, "c")]
    assert {a.id for a in state.list(Kind.VOLUME)} == {"a", "b", "c"}


def test_another_host_id_asks_for_everything(tmp_path: Path) -> None:
    state = DesiredState(tmp_path)
    state.apply(news(3, wish("a")))
    assert list(state.apply(news(5, wish("e"), host="h2"))) == []
    assert (state.revision, state.host_id) == (0, "h2")
    assert list(state.apply(news(5, wish("e"), host="h2"))) == [(Kind.VOLUME, "e")]


@pytest.mark.parametrize("torn", [b"", b'{"kind":"volu', b"\0" * 40])
def test_a_torn_wish_is_put_aside_and_everything_asked_for(tmp_path: Path, torn: bytes) -> None:
    DesiredState(tmp_path).apply(news(2, wish("a"), wish("b")))
    (tmp_path / "volume-a.json").write_bytes(torn)
    state = DesiredState(tmp_path)
    assert state.find(Kind.VOLUME, "a") is None and state.find(Kind.VOLUME, "b") is not None
    assert state.revision == 0
    assert list(state.apply(news(2, wish("a"), wish("b")))) == [(Kind.VOLUME, "a")]


def test_a_torn_cursor_asks_for_everything(tmp_path: Path) -> None:
    DesiredState(tmp_path).apply(news(2, wish("a")))
    (tmp_path / "cursor.json").write_bytes(b"")
    state = DesiredState(tmp_path)
    assert state.revision == 0 and state.find(Kind.VOLUME, "a") is not None


@pytest.mark.parametrize("id", ["../a", "a/b", "", ".a", "a" * 200, "a\n"])
def test_an_id_that_is_no_name_is_not_taken(tmp_path: Path, id: str) -> None:
    folder = tmp_path / "desired"
    state = DesiredState(folder)
    assert list(state.apply(news(1, wish(id)))) == []
    assert [path.name for path in tmp_path.rglob("*.json")] == ["cursor.json"]


def test_the_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "desired"
    DesiredState(folder).apply(news(1, wish("a")))
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "volume-a.json").stat().st_mode & 0o077 == 0


def test_a_full_disk_stops_no_wish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = DesiredState(tmp_path)
    state.apply(news(1, wish("a")))

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        changed = state.apply(news(2, wish("a", 2, present=False)))
    assert list(changed) == [(Kind.VOLUME, "a")]
    found = state.find(Kind.VOLUME, "a")
    assert found is not None and not found.present
    # A restart meanwhile asks again from before the newer wish, and brings nothing back until then:
    # the control plane may have forgotten what was seen gone.
    restarted = DesiredState(tmp_path)
    assert restarted.revision == 1
    assert restarted.find_spec(Kind.VOLUME, "a", VolumeSpec) is None
    restarted.forget(Kind.VOLUME, "a", 1)
    assert DesiredState(tmp_path).find(Kind.VOLUME, "a") is None
    state.apply(news(3, wish("b")))
    kept = DesiredState(tmp_path)
    assert kept.revision == 3 and kept.find(Kind.VOLUME, "a") == found


def test_what_was_withdrawn_on_a_full_disk_can_be_wished_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = DesiredState(tmp_path)
    state.apply(news(1, wish("a")))

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        state.apply(news(2, wish("a", 2, present=False)))
    restarted = DesiredState(tmp_path)
    restarted.apply(news(3, wish("a", 3)))
    assert DesiredState(tmp_path).find(Kind.VOLUME, "a") == wish("a", 3)
