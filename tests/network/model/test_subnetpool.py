"""How ranges are cut from pools."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.errors import InvalidRequest
from pilvi.network.model.address import Network, overlap, parse_network
from pilvi.network.model.subnetpool import (
    check_lengths,
    find_room,
    join,
    lies_in,
    parse_prefixes,
    quota_of,
)

POOL = [parse_network("10.0.0.0/20", "x"), parse_network("10.1.0.0/22", "x")]


@given(st.lists(st.integers(20, 28), max_size=30))
def test_ranges_that_are_cut_lie_in_the_pool_and_never_overlap(lengths: list[int]) -> None:
    used: list[Network] = []
    for length in lengths:
        found = find_room(POOL, used, length)
        if found is None:
            continue
        assert found.prefixlen == length and lies_in(found, POOL)
        assert not any(overlap(found, one) for one in used)
        used.append(found)


@given(st.integers(20, 26))
def test_a_pool_is_given_to_its_last_range(length: int) -> None:
    used: list[Network] = []
    while (found := find_room(POOL, used, length)) is not None:
        used.append(found)
    total = sum(prefix.num_addresses for prefix in POOL if prefix.prefixlen <= length)
    assert sum(one.num_addresses for one in used) == total


def test_ipv6_is_cut_as_well() -> None:
    pool = parse_prefixes(["2001:db8::/48"])
    first = find_room(pool, [], 64)
    assert str(first) == "2001:db8::/64" and first is not None
    assert str(find_room(pool, [first], 64)) == "2001:db8:0:1::/64"
    assert quota_of(first) == 1 and quota_of(parse_network("2001:db8::/60", "x")) == 16
    assert quota_of(parse_network("10.0.0.0/24", "x")) == 256


def test_prefixes_are_joined_and_of_one_version() -> None:
    assert [str(one) for one in parse_prefixes(["10.0.1.0/24", "10.0.0.0/24"])] == ["10.0.0.0/23"]
    for wrong in ([], ["10.0.0.0/8", "2001:db8::/32"], ["x"]):
        with pytest.raises(InvalidRequest):
            parse_prefixes(wrong)
    mixed = [ipaddress.IPv6Network("2001:db8::/32"), ipaddress.IPv4Network("10.0.0.0/8")]
    assert [str(one) for one in join(mixed)] == ["10.0.0.0/8", "2001:db8::/32"]


def test_lengths_grow() -> None:
    check_lengths(4, 8, 24, 32)
    for shortest, usual, longest in ((24, 8, 32), (8, 24, 33), (0, 8, 9), (8, 33, 32)):
        with pytest.raises(InvalidRequest):
            check_lengths(4, shortest, usual, longest)
