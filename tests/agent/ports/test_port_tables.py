"""Filters in nft's words, and that nothing widens them."""

import ipaddress
import subprocess

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ports.small_host import port, rule, uuid
from pilvi.agent.ports.names import tap_name
from pilvi.agent.ports.port_rules import LoadedFilter, parse_rule, port_filter
from pilvi.agent.ports.port_tables import (
    render_base,
    render_load,
    render_match,
    render_set,
    render_set_removal,
    render_unload,
)
from pilvi.host_api.networks import LimitSpec, PacketLimitSpec, RuleSpec

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
        st.none(), st.sampled_from(["tcp", "UDP", "icmp", "vrrp", "132", "256", "x; drop", "58"])
    ),
    port_min=numbers,
    port_max=numbers,
    remotes=st.one_of(st.none(), st.lists(st.one_of(networks, st.just("fd00::/8")), max_size=4)),
    ip_version=st.sampled_from([4, 6]),
    remote_set=st.one_of(st.none(), st.just(uuid(9))),
)


def words(spec: RuleSpec) -> str | None:
    match = parse_rule(spec)
    return None if match is None else render_match(match)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (rule(), "meta nfproto ipv4 accept"),
        (rule(protocol="tcp"), "meta nfproto ipv4 meta l4proto 6 accept"),
        (
            rule(protocol="tcp", first=22, last=22),
            "meta nfproto ipv4 meta l4proto 6 th dport 22-22 accept",
        ),
        (
            rule(protocol="udp", first=1, last=65535),
            "meta nfproto ipv4 meta l4proto 17 th dport 1-65535 accept",
        ),
        (rule(protocol="tcp", first=80), "meta nfproto ipv4 meta l4proto 6 th dport 80-80 accept"),
        (rule(protocol="icmp", first=8), "meta nfproto ipv4 meta l4proto 1 icmp type 8 accept"),
        (
            rule(protocol="icmp", first=3, last=4),
            "meta nfproto ipv4 meta l4proto 1 icmp type 3 icmp code 4 accept",
        ),
        (
            rule(protocol="ICMP", first=0, last=0),
            "meta nfproto ipv4 meta l4proto 1 icmp type 0 icmp code 0 accept",
        ),
        (rule(protocol="vrrp"), "meta nfproto ipv4 meta l4proto 112 accept"),
        (rule(protocol="47"), "meta nfproto ipv4 meta l4proto 47 accept"),
        (rule(remotes=["10.0.0.0/8"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule("egress", remotes=["10.0.0.1/32"]), "ip daddr { 10.0.0.1/32 } accept"),
        (rule(remotes=["10.0.0.0/25", "10.0.0.128/25"]), "ip saddr { 10.0.0.0/24 } accept"),
        (rule(remotes=["10.0.0.0/8", "10.1.0.0/16"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule(remotes=["10.0.0.5/8"]), "ip saddr { 10.0.0.0/8 } accept"),
        (rule(remotes=["0.0.0.0/0"]), "meta nfproto ipv4 accept"),
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
    cidrs = [*cidrs, "fd00:2::/61", "fd00:3::7"]
    pairs = [(f"fa:16:3e:00:00:{place:02x}", cidr) for place, cidr in enumerate(cidrs)]
    limits = [LimitSpec(direction=d, max_kbps=900, burst_kbit=0) for d in ("ingress", "egress")]
    packets = [
        PacketLimitSpec(direction="ingress", max_kpps=1, burst_kpps=0),
        PacketLimitSpec(direction="egress", max_kpps=2**31 - 1, burst_kpps=2**31 - 1),
    ]
    spec = port(11, rules=asked, allowed_pairs=pairs, limits=limits, dscp_mark=46)
    spec = msgspec.structs.replace(spec, packet_limits=packets, logged=["ACCEPT", "DROP"])
    spec = msgspec.structs.replace(spec, addresses=["10.0.1.11", "fd00:1::11"])
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
    # Established connections, neighbour discovery and both kinds of DHCP both ways, metadata, and
    # what was asked for, once in each direction's chain that tells of it; the policies of the
    # three hooks are not followed by a line's end.
    assert done.stdout.count("accept\n") == 9 + 2
    assert done.stdout.count("goto told_") == len(filter.matches)


@pytest.mark.root
def test_nft_takes_sets_fills_them_anew_and_takes_them_away() -> None:
    lines = [
        *render_base(),
        *render_set(uuid(9), "d1", ["10.0.0.0/24", "fd00::/64"]),
        *render_set(uuid(9), "d2", ["10.0.0.1/32"]),
        *render_set(uuid(8), "d3", []),
        *render_set_removal(uuid(8)),
        "",
    ]
    script = "nft -f - && nft -j list set inet ports loaded_sets && nft list table inet ports"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        input="\n".join(lines),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"{uuid(9)} d2" in done.stdout and uuid(8) not in done.stdout
    assert "10.0.0.1" in done.stdout and "10.0.0.0/24" not in done.stdout
