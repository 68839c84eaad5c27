"""Rules as values: what they say in nft's words, and that nothing widens them."""

import ipaddress
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ports.small_host import port, rule, uuid
from pilvi.agent.ports.names import tap_name
from pilvi.agent.ports.port_rules import (
    COMMENT_BYTES_MAX,
    Flow,
    LoadedFilter,
    PortFilter,
    allows,
    parse_rule,
    port_filter,
    render_base,
    render_load,
    render_match,
    render_unload,
)
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import RuleSpec

networks = st.builds(
    lambda address, length: f"{ipaddress.IPv4Address(address)}/{length}",
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
numbers = st.one_of(st.none(), st.integers(-2, 70_000))
rules = st.builds(
    RuleSpec,
    direction=st.sampled_from(["ingress", "egress"]),
    protocol=st.one_of(
        st.none(), st.sampled_from(["tcp", "UDP", "icmp", "vrrp", "132", "256", "x; drop"])
    ),
    port_min=numbers,
    port_max=numbers,
    remotes=st.one_of(st.none(), st.lists(st.one_of(networks, st.just("fd00::/8")), max_size=4)),
)


def words(spec: RuleSpec) -> str | None:
    match = parse_rule(spec)
    return None if match is None else render_match(match)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (rule(), "accept"),
        (rule(protocol="tcp"), "meta l4proto 6 accept"),
        (rule(protocol="tcp", first=22, last=22), "meta l4proto 6 th dport 22-22 accept"),
        (rule(protocol="udp", first=1, last=65535), "meta l4proto 17 th dport 1-65535 accept"),
        (rule(protocol="tcp", first=80), "meta l4proto 6 th dport 80-80 accept"),
        (rule(protocol="icmp", first=8), "meta l4proto 1 icmp type 8 accept"),
        (rule(protocol="icmp", first=3, last=4), "meta l4proto 1 icmp type 3 icmp code 4 accept"),
        (rule(protocol="ICMP", first=0, last=0), "meta l4proto 1 icmp type 0 icmp code 0 accept"),
        (rule(protocol="vrrp"), "meta l4proto 112 accept"),
        (rule(protocol="47"), "meta l4proto 47 accept"),
        (rule(remotes=["10.0.0.0/8"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule("egress", remotes=["10.0.0.1/32"]), "ip daddr { 10.0.0.1/32 } accept"),
        (rule(remotes=["10.0.0.0/25", "10.0.0.128/25"]), "ip saddr { 10.0.0.0/24 } accept"),
        (rule(remotes=["10.0.0.0/8", "10.1.0.0/16"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule(remotes=["10.0.0.5/8"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule(remotes=["0.0.0.0/0"]), "accept"),
        (rule(remotes=["fd00::/8", "10.0.0.0/8"]), "ip saddr { 10.0.0.0/8 } accept"),
    ],
)
def test_a_rule_in_the_words_of_nft(spec: RuleSpec, expected: str) -> None:
    assert words(spec) == expected


@pytest.mark.parametrize(
    "spec",
    [
        rule(remotes=[]),
        rule(remotes=["fd00::/8"]),
        rule(remotes=["10.0.0.1/99"]),
        rule(remotes=["0/0 ; drop"]),
        rule(protocol="ipv6-icmp"),
        rule(protocol="256"),
        rule(protocol="tcp; accept"),
        rule(protocol="vrrp", first=1, last=2),
        rule(first=1, last=2),
        rule(protocol="tcp", first=2, last=1),
        rule(protocol="tcp", first=1, last=65536),
        rule(protocol="icmp", first=256),
        rule(protocol="icmp", last=3),
        rule("sideways"),
    ],
)
def test_a_rule_that_cannot_be_said_allows_nobody(spec: RuleSpec) -> None:
    assert words(spec) is None


@given(st.lists(rules, max_size=8), st.lists(networks, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_for_is_one_line_of_plain_words(
    asked: list[RuleSpec], cidrs: list[str]
) -> None:
    spec = port(11, rules=asked, allowed_pairs=[("fa:16:3e:00:00:0b", c) for c in cidrs])
    filter = port_filter(spec)
    assert filter is not None
    for line in render_load(spec.port_id, 7, 1, filter):
        assert "\n" not in line
        assert "x; drop" not in line
        assert "None" not in line


@pytest.mark.root
@given(st.lists(rules, max_size=12), st.lists(networks, max_size=6))
@settings(max_examples=12, deadline=None)
def test_nft_takes_whatever_is_asked_for_and_takes_it_away_again(
    asked: list[RuleSpec], cidrs: list[str]
) -> None:
    pairs = [(f"fa:16:3e:00:00:{place:02x}", cidr) for place, cidr in enumerate(cidrs)]
    spec = port(11, rules=asked, allowed_pairs=pairs)
    filter = port_filter(spec)
    assert filter is not None
    tap = tap_name(spec.port_id)
    loaded = LoadedFilter(tap, 7, 1, filter.digest, filter.addresses)
    load = render_load(spec.port_id, 7, 1, filter)
    text = "\n".join([*render_base(), *load, *render_unload(loaded), *load, ""])
    script = f"ip link add {tap} type veth peer name p && nft -f - && nft list table inet ports"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], input=text, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # Established connections both ways, DHCP both ways, metadata, and what was asked for; the
    # policies of the three hooks are not followed by a line's end.
    assert done.stdout.count("accept\n") == 5 + len(filter.matches)


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


def test_a_flow_is_allowed_by_the_rules_of_its_direction() -> None:
    into, out = flow("10.0.1.9", "10.0.1.11"), flow("10.0.1.11", "10.0.1.9")
    ssh = rule(protocol="tcp", first=20, last=30, remotes=["10.0.1.9/32"])
    assert allows(filter_of(ssh), into) and not allows(filter_of(ssh), out)
    assert allows(filter_of(rule("egress")), out) and not allows(filter_of(rule("egress")), into)
    assert not allows(filter_of(rule(protocol="udp")), into)
    assert not allows(filter_of(rule(protocol="tcp", first=80, last=80)), into)
    assert not allows(filter_of(rule(remotes=["10.0.1.8/32"])), into)
    assert allows(None, into)


def test_dhcp_metadata_and_strangers_are_never_cut() -> None:
    nothing = filter_of()
    assert allows(nothing, flow("10.0.1.2", "10.0.1.11", 17, 68))
    assert allows(nothing, flow("10.0.1.11", "169.254.169.254", 6, 80))
    assert not allows(nothing, flow("10.0.1.11", "169.254.169.254", 6, 22))
    assert allows(nothing, flow("10.0.1.5", "10.0.1.6"))


def test_an_icmp_flow_is_held_against_type_and_code() -> None:
    ping = Flow(1, "10.0.1.9", "10.0.1.11", 8, 0)
    assert allows(filter_of(rule(protocol="icmp")), ping)
    assert allows(filter_of(rule(protocol="icmp", first=8)), ping)
    assert allows(filter_of(rule(protocol="icmp", first=8, last=0)), ping)
    assert not allows(filter_of(rule(protocol="icmp", first=8, last=1)), ping)
    assert not allows(filter_of(rule(protocol="icmp", first=0)), ping)
    assert uuid(1)
