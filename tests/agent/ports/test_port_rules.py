"""Rules as values: what they say in nft's words, and that nothing widens them."""

import ipaddress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.ports.small_host import mac, port, rule, uuid
from pilvi.agent.ports.port_rules import (
    BURST_PACKETS_MAX,
    COMMENT_BYTES_MAX,
    Flow,
    LoadedFilter,
    PortFilter,
    allows,
    link_local,
    parse_members,
    port_filter,
)
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import LimitSpec, PacketLimitSpec, RuleSpec


def test_the_own_address_is_always_among_what_a_guest_may_send_from() -> None:
    filter = port_filter(port(11, allowed_pairs=[("FA:16:3E:00:00:0B", "10.0.1.0/24")]))
    assert filter is not None
    assert filter.own == (("fa:16:3e:00:00:0b", "10.0.1.0/24"),)


def test_without_port_security_there_is_no_filter() -> None:
    assert port_filter(port(11, port_security=False)) is None


@pytest.mark.parametrize("change", [{"mac": "zz"}, {"addresses": ["10.0.0.1; drop"]}])
def test_a_port_whose_own_values_are_none_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        port_filter(port(11, **change))


def test_the_digest_changes_with_the_wish_and_not_with_its_order() -> None:
    first, second = rule(protocol="tcp"), rule(protocol="udp")
    there = port_filter(port(11, rules=[first, second]))
    assert there is not None
    back = port_filter(port(11, rules=[second, first, first]))
    less = port_filter(port(11, rules=[first]))
    assert back is not None and less is not None
    assert there.digest == back.digest != less.digest


@given(st.integers(1, 2**31), st.integers(0, 65535), st.lists(st.ip_addresses(v=4), max_size=20))
def test_the_record_of_a_filter_survives_its_comment(
    number: int, zone: int, addresses: list[ipaddress.IPv4Address]
) -> None:
    texts = tuple(str(address) for address in addresses)
    loaded = LoadedFilter("tap1", number, zone, "0123456789abcdef", texts)
    assert len(loaded.comment()) < COMMENT_BYTES_MAX
    read = LoadedFilter.parse("tap1", loaded.comment())
    assert (read.number, read.zone, read.digest) == (number, zone, "0123456789abcdef")
    assert texts[: len(read.addresses)] == read.addresses
    assert len(read.addresses) == len(texts) or len(read.addresses) >= 3


def flow(source: str, destination: str, protocol: int = 6, first: int = 22) -> Flow:
    return Flow(protocol, source, destination, first, first)


def filter_of(*asked: RuleSpec) -> PortFilter:
    made = port_filter(port(11, rules=list(asked)))
    assert made is not None
    return made


def is_allowed(filter: PortFilter | None, there: Flow) -> bool:
    return allows(filter, there, {})


def test_a_flow_is_allowed_by_the_rules_of_its_direction() -> None:
    into, out = flow("10.0.1.9", "10.0.1.11"), flow("10.0.1.11", "10.0.1.9")
    ssh = rule(protocol="tcp", first=20, last=30, remotes=["10.0.1.9/32"])
    assert is_allowed(filter_of(ssh), into) and not is_allowed(filter_of(ssh), out)
    assert is_allowed(filter_of(rule("egress")), out) and not is_allowed(
        filter_of(rule("egress")), into
    )
    assert not is_allowed(filter_of(rule(protocol="udp")), into)
    assert not is_allowed(filter_of(rule(protocol="tcp", first=80, last=80)), into)
    assert not is_allowed(filter_of(rule(remotes=["10.0.1.8/32"])), into)
    assert is_allowed(None, into)


def test_dhcp_metadata_and_strangers_are_never_cut() -> None:
    nothing = filter_of()
    assert is_allowed(nothing, flow("10.0.1.2", "10.0.1.11", 17, 68))
    assert is_allowed(nothing, flow("10.0.1.11", "169.254.169.254", 6, 80))
    assert not is_allowed(nothing, flow("10.0.1.11", "169.254.169.254", 6, 22))
    assert is_allowed(nothing, flow("10.0.1.5", "10.0.1.6"))


def test_an_icmp_flow_is_held_against_type_and_code() -> None:
    ping = Flow(1, "10.0.1.9", "10.0.1.11", 8, 0)
    assert is_allowed(filter_of(rule(protocol="icmp")), ping)
    assert is_allowed(filter_of(rule(protocol="icmp", first=8)), ping)
    assert is_allowed(filter_of(rule(protocol="icmp", first=8, last=0)), ping)
    assert not is_allowed(filter_of(rule(protocol="icmp", first=8, last=1)), ping)
    assert not is_allowed(filter_of(rule(protocol="icmp", first=0)), ping)
    assert uuid(1)


def test_ipv6_flows_are_held_against_ipv6_rules() -> None:
    made = port_filter(port(11, addresses=["fd00:1::11"], rules=[six(protocol="tcp", first=22)]))
    into = flow("fd00:1::9", "fd00:1::11")
    assert is_allowed(made, into)
    four = port_filter(port(11, addresses=["fd00:1::11"], rules=[rule(protocol="tcp", first=22)]))
    assert not is_allowed(four, into)
    ping = Flow(58, "fd00:1::9", "fd00:1::11", 128, 0)
    assert not is_allowed(made, ping)
    made = port_filter(port(11, addresses=["fd00:1::11"], rules=[six(protocol="ipv6-icmp")]))
    assert is_allowed(made, ping)


def six(**values: Any) -> RuleSpec:
    return msgspec.structs.replace(rule(**values), ip_version=6)


def test_members_of_a_set_are_disjoint_and_plain() -> None:
    given = ["10.0.0.1", "10.0.0.0/24", "fd00::1", "fd00::/64", "0/0 ; drop", "x"]
    assert parse_members(given) == ("10.0.0.0/24", "fd00::/64")


def test_a_named_set_lets_in_its_members_only() -> None:
    named = msgspec.structs.replace(rule(), remote_set=uuid(9))
    made = filter_of(named)
    assert made.set_ids == {uuid(9)}
    into = flow("10.0.1.9", "10.0.1.11")
    assert allows(made, into, {uuid(9): ("10.0.1.8/31",)})
    assert not allows(made, into, {uuid(9): ("10.0.1.8/32",)}) and not allows(made, into, {})


def test_a_guest_with_ipv6_has_the_link_local_address_of_its_mac() -> None:
    made = port_filter(port(11, addresses=["fd00:1::11"]))
    assert made is not None
    assert link_local("fa:16:3e:00:00:0b") == "fe80::f816:3eff:fe00:b"
    assert ("fa:16:3e:00:00:0b", "fe80::f816:3eff:fe00:b/128") in made.own


def test_a_range_with_a_zone_allows_nobody() -> None:
    """The zone of an address is any text, which would be read as nft's own."""
    text = "fe80::%x }\nflush ruleset #/64"
    assert parse_members([text]) == ()
    made = port_filter(port(11, rules=[six(remotes=[text])], allowed_pairs=[(mac(12), text)]))
    assert made is not None and made.matches == ()
    assert [owner for owner, _ in made.own] == [mac(11)]
    with pytest.raises(InvalidRequest):
        port_filter(port(11, addresses=["fe80::1%x"]))


def test_limits_alone_make_a_filter_without_security() -> None:
    limit = LimitSpec(direction="egress", max_kbps=1000, burst_kbit=0)
    made = port_filter(port(11, port_security=False, limits=[limit]))
    assert made is not None and not made.is_secure and made.matches == ()
    assert made.limits[0].per_s == 125_000 and made.limits[0].burst == 100_000
    assert is_allowed(made, flow("10.0.1.9", "10.0.1.11"))


def test_a_limit_of_packets_is_a_limit_beside_one_of_bytes() -> None:
    packets = [PacketLimitSpec(direction="ingress", max_kpps=2, burst_kpps=0)]
    limit = LimitSpec(direction="ingress", max_kbps=1000, burst_kbit=0)
    made = port_filter(port(11, port_security=False, limits=[limit], packet_limits=packets))
    assert made is not None and [one.unit for one in made.limits] == ["bytes", "packets"]
    assert made.limits[1].per_s == 2000 and made.limits[1].burst == 1600
    huge = [PacketLimitSpec(direction="egress", max_kpps=2**31 - 1, burst_kpps=2**31 - 1)]
    capped = port_filter(port(11, packet_limits=huge))
    assert capped is not None and capped.limits[0].burst == BURST_PACKETS_MAX
