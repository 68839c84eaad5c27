"""Interfaces, addresses and routes of a namespace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.links import Links, links_of

pytestmark = pytest.mark.root


@pytest.fixture
def links(tmp_path: Path) -> Iterator[Links]:
    prefix = fresh_settings(tmp_path).name_prefix
    for name in (f"{prefix}ga", f"{prefix}gb"):
        namespaces.create(name)
    try:
        with links_of(f"{prefix}ga") as links:
            links.add_veth("v", f"{prefix}gb")
            yield links
    finally:
        for name in (f"{prefix}ga", f"{prefix}gb"):
            namespaces.remove(name)


def test_a_bridge_is_made_once_and_plugged_into(links: Links) -> None:
    first = links.add_bridge("br1", "network")
    assert links.add_bridge("br1", "network").index == first.index
    links.change("br1", mtu=1400, up=True)
    links.plug("v", "br1", 1400, up=True)
    seen = links.find("v")
    assert seen is not None
    assert (seen.master, seen.mtu, seen.is_up) == (first.index, 1400, True)
    assert links.name_of(first.index) == "br1"
    links.plug("v", None, 1400)
    assert {link.name: link.master for link in links.list()}["v"] is None


def test_addresses_become_exactly_what_is_asked_for(links: Links) -> None:
    links.change("v", mac="fa:16:3e:00:00:01", up=True)
    first = frozenset({"10.0.0.1/24", "10.0.0.2/32"})
    assert links.set_addresses("v", first) == first
    second = frozenset({"10.0.0.2/32", "10.1.0.1/16"})
    assert links.set_addresses("v", second) == {"10.1.0.1/16"}
    assert links.addresses("v") == second
    seen = links.find("v")
    assert seen is not None and seen.mac == "fa:16:3e:00:00:01"


def test_what_is_not_there_is_not_found_and_removed_without_complaint(links: Links) -> None:
    assert links.find("nothing") is None
    assert links.name_of(9999) is None
    links.remove("nothing")
    links.remove("v")
    links.remove("v")
    assert links.find("v") is None
    with pytest.raises(OSError, match="nothing"):
        links.change("nothing", up=True)
