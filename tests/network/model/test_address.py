"""Addresses and pools."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.errors import Conflict, InvalidRequest
from pilvi.network.model.address import (
    WINDOW,
    Span,
    check_pools,
    count_addresses,
    default_pools,
    first_free,
    host_span,
    is_host,
    is_inside,
    overlap,
    parse_address,
    parse_network,
    parse_subnet,
    slaac_address,
    to_address,
    to_number,
    windows,
)

BASE = to_number("10.0.0.0")


@st.composite
def pools(draw: st.DrawFn) -> list[Span]:
    """Pools that do not overlap, in any order."""
    edges = sorted(draw(st.sets(st.integers(BASE, BASE + 2000), min_size=2, max_size=8)))
    spans = [(edges[n], edges[n + 1]) for n in range(0, len(edges) - 1, 2)]
    return draw(st.permutations(spans))


@given(pools(), st.integers(BASE - 10, BASE + 2010))
def test_windows_hold_every_address_once(spans: list[Span], start: int) -> None:
    found = [n for low, high in windows(spans, start) for n in range(low, high + 1)]
    assert sorted(found) == sorted(n for low, high in spans for n in range(low, high + 1))
    assert len(found) == count_addresses(spans)
    after = [n for n in found if n >= start]
    assert found[: len(after)] == sorted(after)
    assert all(high - low < WINDOW for low, high in windows(spans, start))


@given(st.sets(st.integers(0, 20)))
def test_the_first_free_address_is_free_and_the_first(used: set[int]) -> None:
    number = first_free((0, 20), used)
    if number is None:
        assert used >= set(range(21))
    else:
        assert number not in used and set(range(number)) <= used


@given(st.integers(8, 30), st.data())
def test_the_default_pools_are_all_hosts_but_the_gateway(length: int, data: st.DataObject) -> None:
    network = ipaddress.IPv4Network((BASE, length))
    first, last = host_span(network)
    gateway = to_address(data.draw(st.integers(first, last)))
    spans = default_pools(network, gateway)
    assert count_addresses(spans) == last - first
    check_pools(network, gateway, spans)
    assert count_addresses(default_pools(network, None)) == last - first + 1


def test_pools_outside_upside_down_overlapping_or_with_the_gateway_are_refused() -> None:
    network = parse_subnet("10.0.0.0/24")
    for wrong in ([(BASE, BASE + 5)], [(BASE + 9, BASE + 5)], [(BASE + 250, BASE + 255)]):
        with pytest.raises(InvalidRequest):
            check_pools(network, None, wrong)
    for clash in ([(BASE + 2, BASE + 9), (BASE + 9, BASE + 12)], [(BASE + 1, BASE + 9)]):
        with pytest.raises(Conflict):
            check_pools(network, "10.0.0.1", clash)


def test_parsing_normalises_and_refuses() -> None:
    assert str(parse_subnet("10.0.0.77/24")) == "10.0.0.0/24"
    assert is_host(parse_subnet("10.0.0.0/30"), "10.0.0.2")
    assert not is_host(parse_subnet("10.0.0.0/30"), "10.0.0.3")
    for text in ("10.0.0.0/31", "0.0.0.0/0", "127.0.0.0/8", "169.254.1.0/24", "x"):
        with pytest.raises(InvalidRequest):
            parse_subnet(text)
    assert str(parse_network("2001:DB8::1/64", "cidr")) == "2001:db8::/64"
    assert parse_address("2001:DB8::1", "address") == "2001:db8::1"
    for text in ("2001:db8::1", "fe80::1%eth0"):
        with pytest.raises(InvalidRequest):
            parse_address(text, "address", 4)
    for text in ("fe80::/64", "ff02::/16", "2001:db8::/127", "::/0"):
        with pytest.raises(InvalidRequest):
            parse_subnet(text)
    with pytest.raises(InvalidRequest):
        parse_address("10.0.0.1\n", "address")


def test_ipv6_hosts_go_to_the_end_of_their_range() -> None:
    network = parse_subnet("2001:db8::/64")
    first, last = host_span(network)
    assert to_address(first, 6) == "2001:db8::1"
    assert to_address(last, 6) == "2001:db8::ffff:ffff:ffff:ffff"
    assert is_host(network, "2001:db8::ffff:ffff:ffff:ffff") and not is_host(network, "2001:db8::")
    assert not is_host(network, "10.0.0.1")
    (low, high), *_ = default_pools(network, "2001:db8::1")
    assert (low, high) == (first + 1, last)
    assert next(windows([(low, high)], low)) == (low, low + WINDOW - 1)


def test_an_address_is_made_from_a_mac() -> None:
    network = parse_subnet("2001:db8::/64")
    assert slaac_address(network, "fa:16:3e:01:02:03") == "2001:db8::f816:3eff:fe01:203"


def test_ranges_of_two_versions_never_overlap() -> None:
    four, six = parse_network("0.0.0.0/0", "x"), parse_network("::/0", "x")
    assert not overlap(four, six) and overlap(four, parse_network("10.0.0.0/8", "x"))
    assert is_inside(parse_network("10.1.0.0/16", "x"), parse_network("10.0.0.0/8", "x"))
    assert not is_inside(parse_network("10.0.0.0/8", "x"), parse_network("10.1.0.0/16", "x"))
    assert not is_inside(six, four)
