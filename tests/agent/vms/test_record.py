from pathlib import Path

import msgspec
import pytest

from pilvi.agent.vms.record import FILE_NAME, Launched, RecordStore, check_id
from pilvi.errors import InvalidRequest, NoCapacity, Unavailable


def make_store(folder: Path) -> RecordStore:
    return RecordStore(folder / "vms", 5000, 5002)


def test_a_uid_is_recorded_before_use_and_never_shared(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    uids = [store.allocate(id).uid for id in ("a", "b", "a")]
    assert uids == [5000, 5001, 5000]
    assert make_store(tmp_path).find("b") == store.find("b")
    store.allocate("c")
    with pytest.raises(NoCapacity):
        store.allocate("d")
    store.remove("b")
    assert store.allocate("d").uid == 5001


def test_a_change_survives_the_agent(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    record = msgspec.structs.replace(
        store.allocate("a"),
        boot_generation=4,
        slots={"nic x": 9},
        launched=Launched(started_at=1.5, accelerator="tcg", begun=True),
    )
    store.save(record)
    assert make_store(tmp_path).get("a") == record


def test_a_folder_without_a_record_is_listed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.allocate("a")
    (tmp_path / "vms" / "half").mkdir()
    assert store.list_ids() == ["a", "half"]
    for _ in range(2):
        store.remove("a")
    assert store.list_ids() == ["half"]


def test_records_are_roots_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.allocate("a")
    for path in (tmp_path / "vms").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("id", ["", "..", "a/b", "-a", "a.b", "a\n", "x" * 65])
def test_an_id_that_could_leave_the_folder_is_refused(id: str) -> None:
    with pytest.raises(InvalidRequest):
        check_id(id)


def test_a_damaged_record_is_named_and_never_guessed_at(tmp_path: Path) -> None:
    store = RecordStore(tmp_path, 1000, 1001)
    store.allocate("one")
    path = tmp_path / "one" / FILE_NAME
    path.write_bytes(path.read_bytes()[:10])
    with pytest.raises(Unavailable, match=f"cannot read what this host knows .* {path}"):
        RecordStore(tmp_path, 1000, 1001)
    assert len(path.read_bytes()) == 10
