"""Namespaces: made, entered, left and removed, also after an interrupted attempt."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces
from pilvi.errors import Unavailable

pytestmark = pytest.mark.root


@pytest.fixture
def name(tmp_path: Path) -> Iterator[str]:
    name = f"{fresh_settings(tmp_path).name_prefix}gn"
    yield name
    namespaces.remove(name)


def own() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


def test_a_thread_steps_in_and_back_also_when_it_fails(name: str) -> None:
    before = own()
    namespaces.create(name)
    namespaces.create(name)
    assert own() == before
    with namespaces.inside(name):
        assert own() != before
    with pytest.raises(ZeroDivisionError), namespaces.inside(name):
        raise ZeroDivisionError
    assert own() == before
    assert namespaces.identity(name) is not None


def test_a_creation_that_was_cut_short_is_finished(name: str) -> None:
    namespaces.RUN_DIR.mkdir(exist_ok=True)
    (namespaces.RUN_DIR / name).touch()
    namespaces.create(name)
    with namespaces.inside(name):
        assert Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").read_text().strip() == "1"


def test_removing_ends_what_runs_there_and_nothing_else(name: str) -> None:
    namespaces.create(name)
    outside = subprocess.Popen(["sleep", "60"])
    with namespaces.inside(name):
        inside = subprocess.Popen(["sleep", "61"])
    try:
        assert [p.arguments for p in namespaces.list_processes(name)] == [("sleep", "61")]
        namespaces.kill(outside.pid, name)
        assert outside.poll() is None
        namespaces.remove(name)
        namespaces.remove(name)
        assert inside.wait(2) is not None
        assert outside.poll() is None
    finally:
        outside.kill()
        outside.wait()
    assert name not in namespaces.list_names()


def test_what_is_not_there_cannot_be_entered(name: str) -> None:
    with pytest.raises(Unavailable), namespaces.inside(name):
        pass
    assert namespaces.list_processes(name) == []
