"""Addresses: ranges, pools, and which one comes next. Pure; addresses as whole numbers."""

import ipaddress
from collections.abc import Iterator, Sequence

from pilvi.errors import Conflict, InvalidRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
"""A range of either version."""

Span = tuple[int, int]
"""First and last number of a range, both in it."""

# Addresses looked at in one query when a free one is searched. Lower: more queries in a crowded
# subnet; higher: more rows read for each port.
WINDOW = 256
PREFIX_LENGTH_MAX = {4: 30, 6: 126}
SLAAC_PREFIX_LENGTH = 64
"""What an address made from a MAC needs (RFC 4862)."""

_RESERVED: list[Network] = [
    ipaddress.IPv4Network("169.254.0.0/16"),
    ipaddress.IPv6Network("fe80::/10"),
]


def to_number(address: str) -> int:
    """An address as a number."""
    return int(ipaddress.ip_address(address))


def to_address(number: int, version: int = 4) -> str:
    """A number as an address of a version."""
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def parse_address(text: str, what: str, version: int | None = None) -> str:
    """An address as it is printed, of one version or either.

    Raises `InvalidRequest` that names the field.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IP address") from None
    if "%" in text:
        raise InvalidRequest(f"cannot use '{text}' as {what}: leave the zone out")
    if version not in (None, address.version):
        raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IPv{version} address")
    return str(address)


def parse_network(text: str, what: str, version: int | None = None) -> Network:
    """A range, host bits cleared. Raises `InvalidRequest` that names the field."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidRequest(
            f"cannot use '{text}' as {what}: it is no IP range such as 10.0.0.0/24"
        ) from None
    if version not in (None, network.version) or "%" in text:
        raise InvalidRequest(f"cannot use '{text}' as {what}: it is no IPv{version} range")
    return network


def parse_subnet(text: str, version: int | None = None) -> Network:
    """The range of a subnet. Raises `InvalidRequest` for one that guests cannot use."""
    network = parse_network(text, "cidr", version)
    longest = PREFIX_LENGTH_MAX[network.version]
    if not 1 <= network.prefixlen <= longest:
        raise InvalidRequest(
            f"cannot make a subnet of {network}: its prefix length must be 1 to {longest}"
        )
    if network.is_multicast or network.is_loopback or any(overlap(network, r) for r in _RESERVED):
        raise InvalidRequest(f"cannot make a subnet of {network}: the range has another use")
    return network


def overlap(one: Network, other: Network) -> bool:
    """Whether two ranges share an address; those of two versions never do."""
    first, second = _span(one), _span(other)
    is_same_kind = one.version == other.version
    return is_same_kind and first[0] <= second[1] and second[0] <= first[1]


def is_inside(inner: Network, outer: Network) -> bool:
    """Whether a range lies within another."""
    first, second = _span(inner), _span(outer)
    return inner.version == outer.version and second[0] <= first[0] and first[1] <= second[1]


def _span(network: Network) -> Span:
    return int(network.network_address), int(network.broadcast_address)


def host_span(network: Network) -> Span:
    """The addresses that hosts may have: the first has another use, in IPv4 the last too."""
    first, last = _span(network)
    return first + 1, last - 1 if network.version == 4 else last


def is_host(network: Network, address: str) -> bool:
    """Whether a host of the range may have this address."""
    parsed = ipaddress.ip_address(address)
    first, last = host_span(network)
    return parsed.version == network.version and first <= int(parsed) <= last


def default_pools(network: Network, gateway: str | None) -> list[Span]:
    """All addresses of the range but the gateway's."""
    first, last = host_span(network)
    if gateway is None or not is_host(network, gateway):
        return [(first, last)]
    split = to_number(gateway)
    return [span for span in ((first, split - 1), (split + 1, last)) if span[0] <= span[1]]


def check_pools(network: Network, gateway: str | None, pools: Sequence[Span]) -> None:
    """Refuse pools that leave the range, overlap, or hold the gateway."""
    first, last = host_span(network)
    version = network.version
    for low, high in pools:
        if not first <= low <= high <= last:
            raise InvalidRequest(
                f"cannot use the allocation pool {to_address(low, version)}-"
                f"{to_address(high, version)}: it must lie within {to_address(first, version)}-"
                f"{to_address(last, version)}, its start not after its end"
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
        first = low
        while first <= high:
            yield first, min(first + WINDOW - 1, high)
            first += WINDOW


def first_free(window: Span, used: set[int]) -> int | None:
    """The first address of a piece that nobody has."""
    return next((n for n in range(window[0], window[1] + 1) if n not in used), None)


def count_addresses(pools: Sequence[Span]) -> int:
    """How many addresses the pools have."""
    return sum(high - low + 1 for low, high in pools)


def slaac_address(network: Network, mac: str) -> str:
    """The address that a guest makes of a prefix and its MAC (modified EUI-64, RFC 4291)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    middle = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return to_address(int(network.network_address) + int.from_bytes(middle, "big"), 6)
