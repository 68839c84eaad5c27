"""Addresses: ranges, pools, and which one comes next. Pure; IPv4 addresses as whole numbers."""

import ipaddress
from collections.abc import Iterator, Sequence

from pilvi.errors import Conflict, InvalidRequest, Unsupported

Span = tuple[int, int]
"""First and last number of a range, both in it."""

# Addresses looked at in one query when a free one is searched. Lower: more queries in a crowded
# subnet; higher: more rows read for each port.
WINDOW = 256
PREFIX_LENGTH_MAX = 30

_METADATA = ipaddress.IPv4Network("169.254.0.0/16")


def to_number(address: str) -> int:
    """An address as a number."""
    return int(ipaddress.IPv4Address(address))


def to_address(number: int) -> str:
    """A number as an address."""
    return str(ipaddress.IPv4Address(number))


def parse_address(text: str, what: str) -> str:
    """An IPv4 address as it is printed. Raises `InvalidRequest` that names the field."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        pass
    if _is_ipv6(text):
        raise Unsupported(f"cannot use '{text}' as {what}: only IPv4 is served")
    raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IPv4 address")


def parse_network(text: str, what: str) -> ipaddress.IPv4Network:
    """An IPv4 range, host bits cleared. Raises `InvalidRequest` that names the field."""
    try:
        return ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        pass
    if _is_ipv6(text):
        raise Unsupported(f"cannot use '{text}' as {what}: only IPv4 is served")
    raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IPv4 range such as 10.0.0.0/24")


def parse_any_address(text: str, what: str) -> str:
    """An address of either version as it is printed. Raises `InvalidRequest`."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IP address") from None


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).version == 6
    except ValueError:
        return False


def parse_subnet(text: str) -> ipaddress.IPv4Network:
    """The range of a subnet. Raises `InvalidRequest` for one that guests cannot use."""
    network = parse_network(text, "cidr")
    if not 1 <= network.prefixlen <= PREFIX_LENGTH_MAX:
        raise InvalidRequest(
            f"cannot make a subnet of {network}: its prefix length must be 1 to {PREFIX_LENGTH_MAX}"
        )
    if network.is_multicast or network.is_loopback or network.overlaps(_METADATA):
        raise InvalidRequest(f"cannot make a subnet of {network}: the range has another use")
    return network


def host_span(network: ipaddress.IPv4Network) -> Span:
    """The addresses that hosts may have."""
    return int(network.network_address) + 1, int(network.broadcast_address) - 1


def is_host(network: ipaddress.IPv4Network, address: str) -> bool:
    """Whether a host of the range may have this address."""
    first, last = host_span(network)
    return first <= to_number(address) <= last


def default_pools(network: ipaddress.IPv4Network, gateway: str | None) -> list[Span]:
    """All addresses of the range but the gateway's."""
    first, last = host_span(network)
    if gateway is None:
        return [(first, last)]
    split = to_number(gateway)
    return [span for span in ((first, split - 1), (split + 1, last)) if span[0] <= span[1]]


def check_pools(network: ipaddress.IPv4Network, gateway: str | None, pools: Sequence[Span]) -> None:
    """Refuse pools that leave the range, overlap, or hold the gateway."""
    first, last = host_span(network)
    for low, high in pools:
        if not first <= low <= high <= last:
            raise InvalidRequest(
                f"cannot use the allocation pool {to_address(low)}-{to_address(high)}: it must lie "
                f"within {to_address(first)}-{to_address(last)}, its start not after its end"
            )
    ordered = sorted(pools)
    for before, after in zip(ordered, ordered[1:], strict=False):
        if after[0] <= before[1]:
            raise Conflict("cannot use allocation pools that overlap each other")
    if gateway is not None and holds(pools, to_number(gateway)):
        raise Conflict(f"cannot use allocation pools that hold the gateway {gateway}")


def holds(pools: Sequence[Span], number: int) -> bool:
    """Whether an address is in one of the pools."""
    return any(low <= number <= high for low, high in pools)


def windows(pools: Sequence[Span], start: int) -> Iterator[Span]:
    """The pools in pieces of at most `WINDOW`, from `start` on and around to it again."""
    ordered = sorted(pools)
    after = [(max(low, start), high) for low, high in ordered if high >= start]
    before = [(low, min(high, start - 1)) for low, high in ordered if low < start]
    for low, high in after + before:
        for first in range(low, high + 1, WINDOW):
            yield first, min(first + WINDOW - 1, high)


def first_free(window: Span, used: set[int]) -> int | None:
    """The first address of a piece that nobody has."""
    return next((n for n in range(window[0], window[1] + 1) if n not in used), None)


def count_addresses(pools: Sequence[Span]) -> int:
    """How many addresses the pools have."""
    return sum(high - low + 1 for low, high in pools)
