"""Subnet pools and address scopes: ranges that subnets are cut from. Pure."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

from pilvi.errors import InvalidRequest
from pilvi.network.model.address import (
    PREFIX_LENGTH_MAX,
    Network,
    is_inside,
    overlap,
    parse_network,
)

SubnetPoolId = NewType("SubnetPoolId", str)
AddressScopeId = NewType("AddressScopeId", str)

MIN_PREFIX_LENGTH = {4: 8, 6: 64}
"""As Neutron's: the largest subnet that a pool gives where nobody said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressScope:
    """Pools in which no two ranges overlap."""

    id: AddressScopeId
    project_id: str
    name: str
    description: str
    ip_version: int
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetPool:
    """Ranges that subnets are cut from."""

    id: SubnetPoolId
    project_id: str
    name: str
    description: str
    ip_version: int
    prefixes: list[str]
    default_prefixlen: int
    min_prefixlen: int
    max_prefixlen: int
    default_quota: int | None
    """How much of it one project may have: IPv4 addresses, or IPv6 ranges of /64."""
    is_default: bool
    address_scope_id: str | None
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


def parse_prefixes(texts: Sequence[str]) -> list[Network]:
    """Ranges of one version, joined where they touch. Raises `InvalidRequest`."""
    found = [parse_network(text, "a prefix") for text in texts]
    if not found or len({network.version for network in found}) > 1:
        raise InvalidRequest("cannot use these prefixes; give at least one, all IPv4 or all IPv6")
    return join(found)


def join(ranges: Sequence[Network]) -> list[Network]:
    """The same addresses in as few ranges as possible, in order."""
    four = [one for one in ranges if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in ranges if isinstance(one, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]


def check_lengths(version: int, shortest: int, usual: int, longest: int) -> None:
    """Refuse lengths of prefixes that contradict each other. Raises `InvalidRequest`."""
    if not 1 <= shortest <= usual <= longest <= (32 if version == 4 else 128):
        raise InvalidRequest(
            "cannot use these prefix lengths: min_prefixlen, default_prefixlen and max_prefixlen "
            "have to grow in this order"
        )


def default_lengths(version: int) -> tuple[int, int]:
    """The shortest and longest prefix where nobody said otherwise."""
    return MIN_PREFIX_LENGTH[version], PREFIX_LENGTH_MAX[version] + 2


def find_room(pool: Sequence[Network], used: Sequence[Network], length: int) -> Network | None:
    """The first range of a length that is in a pool and that nobody uses, or None."""
    for prefix in sorted(pool, key=lambda one: (-one.prefixlen, int(one.network_address))):
        if prefix.prefixlen > length:
            continue
        found = _find_in(prefix, [one for one in used if overlap(one, prefix)], length)
        if found is not None:
            return found
    return None


def _find_in(prefix: Network, used: Sequence[Network], length: int) -> Network | None:
    """Looks past each used range at once, so that a crowded pool takes a step for each of them."""
    size = 1 << (prefix.max_prefixlen - length)
    first, last = int(prefix.network_address), int(prefix.broadcast_address)
    taken = sorted((int(one.network_address), int(one.broadcast_address)) for one in used)
    for low, high in taken:
        if first + size - 1 < low:
            break
        if high >= first:
            first = (high // size + 1) * size
    if first + size - 1 > last:
        return None
    kind = ipaddress.IPv4Network if prefix.version == 4 else ipaddress.IPv6Network
    return kind((first, length))


def quota_of(network: Network) -> int:
    """What a range counts against a pool's default quota."""
    if network.version == 4:
        return network.num_addresses
    return max(1, network.num_addresses >> 64)


def lies_in(network: Network, pool: Sequence[Network]) -> bool:
    """Whether a range lies within one of a pool's."""
    return any(is_inside(network, prefix) for prefix in pool)
