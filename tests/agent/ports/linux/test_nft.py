"""nft: all lines or none, and its own words when it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.nft import has_table, list_elements, run_nft
from pilvi.errors import Unavailable

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path) -> Iterator[None]:
    name = f"{fresh_settings(tmp_path).name_prefix}gn"
    namespaces.create(name)
    try:
        with namespaces.inside(name):
            yield
    finally:
        namespaces.remove(name)


def test_a_transaction_is_applied_whole_or_not_at_all() -> None:
    run_nft(["add table ip a", "add set ip a s { type ifname; }"])
    with pytest.raises(Unavailable) as refused:
        run_nft(["add table ip b", "add rule ip a nothing accept"])
    assert "No such file" in refused.value.detail
    assert has_table("ip", "a") and not has_table("ip", "b")


def test_elements_are_listed_and_what_is_not_there_is_none() -> None:
    run_nft(["add table ip a", 'add set ip a s { type ifname; elements = { "lo" comment "x" }; }'])
    assert list_elements("set", "ip", "a", "s") == [{"elem": {"val": "lo", "comment": "x"}}]
    assert list_elements("set", "ip", "a", "t") is None
    assert list_elements("set", "ip", "b", "s") is None
