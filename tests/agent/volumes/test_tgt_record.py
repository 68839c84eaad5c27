from pathlib import Path

import pytest

from pilvi.agent.volumes.tgt_record import TargetRecord, TgtRecord


def record(name: str, number: int, volume: str = "v1") -> TargetRecord:
    return TargetRecord(volume_id=volume, iqn=name, number=number, username=name, unit=1)


def test_it_survives_the_agent_and_not_its_tgtd(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    first = TgtRecord(path)
    assert not first.is_of("run-1") and not first.is_of("")
    first.begin("run-1")
    first.keep(record("a", 1))
    again = TgtRecord(path)
    assert again.is_of("run-1") and not again.is_of("run-2")
    assert again.find("a") == record("a", 1)
    again.begin("run-2")
    assert TgtRecord(path).find("a") is None


def test_numbers_are_given_once(tmp_path: Path) -> None:
    found = TgtRecord(tmp_path / "targets.json")
    found.begin("run-1")
    for name in "abc":
        found.keep(record(name, found.free_number()))
    found.drop("b")
    found.drop("b")
    assert found.free_number() == 2
    assert [one.number for one in found.list("v1")] == [1, 3]
    assert found.list("v2") == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"targets":3}'])
def test_an_unreadable_record_is_of_no_tgtd(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "targets.json"
    path.write_bytes(content)
    assert not TgtRecord(path).is_of("run-1")
