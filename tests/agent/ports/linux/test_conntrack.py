"""Flows: found by address and zone, and forgotten one by one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports.small_host import fresh_settings
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.linux.conntrack import Conntrack
from pilvi.agent.ports.linux.nft import run_nft

pytestmark = pytest.mark.root


@pytest.fixture
def conntrack(tmp_path: Path) -> Iterator[Conntrack]:
    """In a namespace where pings to 127.0.0.2 are tracked in zone 7, others in none."""
    name = f"{fresh_settings(tmp_path).name_prefix}gn"
    namespaces.create(name)
    try:
        with namespaces.inside(name):
            run_nft(
                [
                    "add table ip t",
                    "add chain ip t o { type filter hook output priority raw; }",
                    "add rule ip t o ip daddr 127.0.0.2 ct zone set 7",
                    "add rule ip t o ct state new accept",
                ]
            )
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for last in (2, 3):
                ping = ["busybox", "ping", "-c", "1", "-W", "1", f"127.0.0.{last}"]
                subprocess.run(ping, stdout=subprocess.DEVNULL, check=False)
            conntrack = Conntrack()
        yield conntrack
        conntrack.close()
    finally:
        namespaces.remove(name)


@pytest.mark.parametrize("selects", [True, False])
def test_flows_are_found_by_address_and_zone(conntrack: Conntrack, selects: bool) -> None:
    conntrack.selects = selects
    found = conntrack.list_flows({"127.0.0.2"}, 7)
    assert {(f.flow.protocol, f.flow.first, f.zone) for f in found} == {(1, 8, 7)}
    assert {f.flow.destination for f in conntrack.list_flows({"127.0.0.3"}, 0)} == {"127.0.0.3"}
    assert conntrack.list_flows({"127.0.0.3"}, 7) == []
    assert conntrack.list_flows({"127.0.0.9"}, 7) == []
    assert conntrack.selects == selects


def test_a_forgotten_flow_is_gone_and_can_be_forgotten_again(conntrack: Conntrack) -> None:
    found = conntrack.list_flows({"127.0.0.2"}, 7)
    for tracked in [*found, *found]:
        conntrack.forget_flow(tracked)
    assert conntrack.list_flows({"127.0.0.2"}, 7) == []
    assert conntrack.list_flows({"127.0.0.3"}, 0) != []
