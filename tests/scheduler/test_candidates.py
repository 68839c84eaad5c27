"""Hosts as the choice sees them."""

import dataclasses
import datetime

from pilvi.host_api.contract import HostFacts
from pilvi.hosts.model.host import Host, HostId
from pilvi.placement.model.inventory import Inventory, Usage
from pilvi.scheduler.candidates import list_candidates

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def host(name: str, seen_s_ago: float | None, facts: HostFacts | None) -> Host:
    seen = None if seen_s_ago is None else NOW - datetime.timedelta(seconds=seen_s_ago)
    return Host(HostId(name), name, NOW, 0, facts, seen, True, None)


def test_candidates_carry_lease_usage_and_disk() -> None:
    facts = HostFacts(
        hostname="a", vcpus=2, memory_mib=1024, disk_gib=50, disk_free_gib=20, accelerator="tcg"
    )
    usage = Usage({"VCPU": Inventory("VCPU", 2)}, {"VCPU": 1})
    fresh, late, never = list_candidates(
        [host("a", 1, facts), host("b", 16, facts), host("c", None, None)],
        {"a": usage},
        NOW,
        15.0,
    )
    assert (fresh.is_alive, fresh.usage.free, fresh.disk_gib) == (True, {"VCPU": 1}, 50)
    assert (late.is_alive, late.usage.free, late.disk_free_gib) == (False, {}, 20)
    assert (never.is_alive, never.disk_gib) == (False, 0)


def test_a_host_is_in_the_zone_that_it_was_put_into() -> None:
    hosts = [host("a", 1, None), host("b", 1, None)]
    found = list_candidates(hosts, {}, NOW, 15.0, {"a": "north"})
    assert [one.availability_zone for one in found] == ["north", "nova"]


def test_a_host_that_is_forced_down_is_not_alive() -> None:
    forced = dataclasses.replace(host("a", 1, None), forced_down=True)
    (found,) = list_candidates([forced], {}, NOW, 15.0)
    assert not found.is_alive
