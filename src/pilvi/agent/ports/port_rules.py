"""The packet filter of one port: what a guest may send as its own, and who may reach it.

Everything here is pure. Three parts are loaded in one transaction:

- the *guard*, in netdev ingress of the tap: only IPv4, ARP and IPv6 with the guest's own MAC and
  addresses (and its allowed pairs) enter the bridge, marked with the tap's number; what only
  servers and routers say (DHCP answers, router advertisements, redirects) never does;
- the *group rules*, stateful in the inet family over br_netfilter: `from_guest` looks at the mark
  that the guard set, `to_guest` at the mark that the bridge family sets from the tap through which
  the frame leaves. Rules are therefore found by tap and not by address, and two guests may share
  one allowed address. Remote groups are nft sets, loaded on their own, so that a member that comes
  or goes changes no rule;
- the *limits* of a port's bandwidth and packets: what is over them is dropped, in the guard for
  what the guest sends (a qdisc with an ifb would let frames past the guard), in the bridge family
  for the rest.

Whatever no rule allows is dropped, in both directions; DHCP, neighbour discovery and the metadata
address are always reachable. Names and values reach nft only after they were parsed, never as they
came.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pilvi.agent.ports.names import check_id
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import LimitSpec, PacketLimitSpec, PortSpec, RuleSpec

METADATA_ADDRESS = "169.254.169.254"
TABLE = "ports"

COMMENT_BYTES_MAX = 128
"""Longest comment of an nft set element; the record of what is loaded lives in one."""

# IANA's numbers for the protocol names that Neutron accepts in a rule.
PROTOCOLS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "icmp": 1,
    "igmp": 2,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
ICMP, ICMP6 = 1, 58
ANYBODY = {4: "0.0.0.0/0", 6: "::/0"}
WITH_PORTS = frozenset({6, 17, 33, 132, 136})

BURST_BYTES_MIN, BURST_BYTES_MAX = 16_000, 1 << 31
"""A burst that holds no full frame would let nothing pass; the kernel counts in 32 bits."""
BURST_PACKETS_MAX = 1 << 31

ACCEPT, DROP = "ACCEPT", "DROP"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """One allowing rule, every value parsed."""

    direction: str
    protocol: int
    """-1 is any."""
    first: int
    """First port or ICMP type; -1 is any."""
    last: int
    """Last port or ICMP code; -1 is any."""
    remotes: tuple[str, ...]
    """Disjoint CIDRs of one version; 0.0.0.0/0 or ::/0 is anybody. Empty with a set."""
    version: int = 4
    remote_set: str = ""
    """Id of the set that the other side has to be in."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may pass in a second, and at once beyond that."""

    direction: str
    per_s: int
    burst: int
    unit: str = "bytes"
    """`bytes` or `packets`."""


@dataclass(frozen=True, slots=True)
class PortFilter:
    """What one port's filter says. The same wish always gives the same filter."""

    mac: str
    addresses: tuple[str, ...]
    own: tuple[tuple[str, str], ...]
    """Every (MAC, CIDR) that the guest may send from; disjoint."""
    matches: tuple[Match, ...]
    is_secure: bool = True
    """Without it, there are only limits and marks."""
    is_stateful: bool = True
    limits: tuple[Limit, ...] = ()
    dscp: int = -1
    """What the guest's packets are marked with; -1: as they come."""
    logged: tuple[str, ...] = ()
    """`ACCEPT`, `DROP` or both: of which packets is told."""

    def matches_of(self, direction: str) -> list[Match]:
        """The rules of one direction."""
        return [match for match in self.matches if match.direction == direction]

    @property
    def digest(self) -> str:
        """Short hash of the whole filter."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def set_ids(self) -> frozenset[str]:
        """The sets that rules name."""
        return frozenset(match.remote_set for match in self.matches if match.remote_set)


@dataclass(frozen=True, slots=True)
class Flow:
    """One connection as conntrack knows it, in its original direction."""

    protocol: int
    source: str
    destination: str
    first: int
    """Destination port or ICMP type; -1 when the protocol has none."""
    last: int
    """Destination port again, or ICMP code."""


@dataclass(frozen=True, slots=True)
class LoadedFilter:
    """The record of a loaded filter, kept beside its rules by the same transaction."""

    tap: str
    number: int
    zone: int
    digest: str
    addresses: tuple[str, ...]

    def comment(self) -> str:
        """The record as a comment; addresses that do not fit are left out."""
        text = f"{self.number} {self.zone} {self.digest}"
        for address in self.addresses:
            if len(text) + 1 + len(address) >= COMMENT_BYTES_MAX:
                break
            text = f"{text} {address}"
        return text

    @staticmethod
    def parse(tap: str, comment: str) -> "LoadedFilter":
        """The record that `comment` wrote."""
        number, zone, digest, *addresses = comment.split(" ")
        return LoadedFilter(tap, int(number), int(zone), digest, tuple(addresses))


def port_filter(spec: PortSpec) -> PortFilter | None:
    """The filter that a port should have; None when it wants neither security nor limits. Pure.

    A rule that cannot be expressed (ports on a protocol without ports, a range upside down)
    allows nobody, and the port's other rules hold. Raises `InvalidRequest` for a MAC or an address
    of its own that is none.
    """
    wanted = [*map(parse_limit, spec.limits), *map(parse_packet_limit, spec.packet_limits)]
    limits = tuple(sorted(wanted, key=lambda limit: (limit.direction, limit.unit)))
    dscp = -1 if spec.dscp_mark is None else spec.dscp_mark & 63
    if not spec.port_security and not limits and dscp == -1:
        return None
    mac = parse_mac(spec.mac)
    addresses = tuple(sorted(parse_address(address) for address in spec.addresses))
    own: dict[str, list[Network]] = {}
    pairs = [(mac, str(ipaddress.ip_network(a))) for a in addresses] + spec.allowed_pairs
    for owner, cidr in pairs:
        networks = _parse_networks([cidr])
        if networks:
            own.setdefault(parse_mac(owner), []).extend(networks)
    if any(":" in address for address in addresses):
        own.setdefault(mac, []).append(ipaddress.ip_network(link_local(mac)))
    matches = {match for rule in spec.rules if (match := parse_rule(rule)) is not None}
    return PortFilter(
        mac,
        addresses,
        tuple((owner, cidr) for owner in sorted(own) for cidr in _collapse(own[owner])),
        tuple(sorted(matches)) if spec.port_security else (),
        is_secure=spec.port_security,
        is_stateful=spec.stateful,
        limits=limits,
        dscp=dscp,
        logged=tuple(event for event in (ACCEPT, DROP) if event in spec.logged)
        if spec.port_security
        else (),
    )


def parse_limit(limit: LimitSpec) -> Limit:
    """A limit in bytes, with a burst that a full window of TCP fits into. Pure."""
    rate = max(1, int(limit.max_kbps)) * 125
    burst = int(limit.burst_kbit) * 125 or rate * 4 // 5
    return Limit(
        _parse_direction(limit.direction), rate, min(max(burst, BURST_BYTES_MIN), BURST_BYTES_MAX)
    )


def parse_packet_limit(limit: PacketLimitSpec) -> Limit:
    """A limit in packets, with a burst as long as one of bytes has. Pure."""
    rate = max(1, int(limit.max_kpps)) * 1000
    burst = int(limit.burst_kpps) * 1000 or rate * 4 // 5
    direction = _parse_direction(limit.direction)
    return Limit(direction, rate, min(burst, BURST_PACKETS_MAX), "packets")


def _parse_direction(direction: str) -> str:
    return "ingress" if direction == "ingress" else "egress"


def link_local(mac: str) -> str:
    """The address that a guest always has on an IPv6 link (modified EUI-64, RFC 4291). Pure."""
    octets = bytes.fromhex(mac.replace(":", ""))
    middle = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + middle))


def parse_rule(rule: RuleSpec) -> Match | None:
    """A rule with every value parsed, or None when it allows nobody. Pure."""
    version = 6 if rule.ip_version == 6 else 4
    protocol = _parse_protocol(rule.protocol)
    remotes: tuple[str, ...] = (ANYBODY[version],)
    if rule.remote_set is not None:
        remotes = ()
    elif rule.remotes is not None:
        found = [n for n in _parse_networks(rule.remotes) if n.version == version]
        remotes = _collapse(found)
    name = "" if rule.remote_set is None else check_id(rule.remote_set)
    if protocol is None or rule.direction not in ("ingress", "egress"):
        return None
    numbers = _parse_numbers(rule, protocol)
    if numbers is None or not (remotes or name):
        return None
    return Match(rule.direction, protocol, *numbers, remotes, version, name)


def _parse_numbers(rule: RuleSpec, protocol: int) -> tuple[int, int] | None:
    """Ports, or ICMP type and code; -1 is any, None what no packet has."""
    if rule.port_min is None and rule.port_max is None:
        return -1, -1
    if protocol in (ICMP, ICMP6):
        kind = rule.port_min
        code = -1 if rule.port_max is None else rule.port_max
        if kind is None or not 0 <= kind <= 255 or not -1 <= code <= 255:
            return None
        return kind, code
    first = rule.port_max if rule.port_min is None else rule.port_min
    last = rule.port_min if rule.port_max is None else rule.port_max
    if protocol not in WITH_PORTS or first is None or last is None:
        return None
    return (first, last) if 0 <= first <= last <= 65535 else None


def allows(filter: PortFilter | None, flow: Flow, members: Mapping[str, Sequence[str]]) -> bool:
    """Whether a connection that exists would be let through if it began now. Pure.

    `members` has the CIDRs of the sets that the filter names.
    """
    if filter is None or not filter.is_secure:
        return True
    if flow.destination in filter.addresses and not _may(filter, "ingress", flow, members):
        return False
    return flow.source not in filter.addresses or _may(filter, "egress", flow, members)


def _may(
    filter: PortFilter, direction: str, flow: Flow, members: Mapping[str, Sequence[str]]
) -> bool:
    if flow.protocol == PROTOCOLS["udp"] and flow.first in (67, 68, 546, 547):
        return True
    if direction == "egress" and flow.destination == METADATA_ADDRESS and flow.first == 80:
        return flow.protocol == PROTOCOLS["tcp"]
    address = ipaddress.ip_address(flow.source if direction == "ingress" else flow.destination)
    for match in filter.matches:
        if match.direction != direction or match.version != address.version:
            continue
        if match.protocol not in (-1, flow.protocol) or not _fits(match, flow):
            continue
        remotes = members.get(match.remote_set, ()) if match.remote_set else match.remotes
        if any(address in ipaddress.ip_network(cidr) for cidr in remotes):
            return True
    return False


def _fits(match: Match, flow: Flow) -> bool:
    if match.first == -1:
        return True
    if match.protocol in (ICMP, ICMP6):
        return match.first == flow.first and match.last in (-1, flow.last)
    return match.first <= flow.first <= match.last


def parse_members(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The addresses of a set, disjoint; what is no address is left out. Pure."""
    return _collapse(_parse_networks(cidrs))


def parse_mac(mac: str) -> str:
    """The MAC in small letters. Raises `InvalidRequest`."""
    if not _MAC.fullmatch(mac.lower()):
        raise InvalidRequest(f"cannot use the MAC address {mac!r}: it is none")
    return mac.lower()


def parse_address(address: str) -> str:
    """The address as `ipaddress` prints it. Raises `InvalidRequest`.

    The zone of an IPv6 address is any text at all, and so is refused here and everywhere.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise InvalidRequest(f"cannot use {address!r}: it is no IP address") from None
    if "%" in address:
        raise InvalidRequest(f"cannot use {address!r}: it has a zone")
    return str(found)


def parse_ipv4(address: str) -> str:
    """The IPv4 address as `ipaddress` prints it. Raises `InvalidRequest`."""
    if ":" in address:
        raise InvalidRequest(f"cannot use {address!r}: it is no IPv4 address")
    return parse_address(address)


def _parse_protocol(protocol: str | None) -> int | None:
    """-1 for any, None for one that no packet has."""
    if protocol is None or protocol.lower() == "any":
        return -1
    if protocol.isascii() and protocol.isdigit():
        return int(protocol) if int(protocol) <= 255 else None
    return PROTOCOLS.get(protocol.lower())


def _parse_networks(cidrs: Iterable[str]) -> list[Network]:
    networks: list[Network] = []
    for cidr in cidrs:
        if "%" in cidr:
            continue
        with suppress(ValueError):
            networks.append(ipaddress.ip_network(cidr, strict=False))
    return networks


def _collapse(networks: Iterable[Network]) -> tuple[str, ...]:
    """The same addresses in as few ranges as possible."""
    there = list(networks)
    four = [one for one in there if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in there if isinstance(one, ipaddress.IPv6Network)]
    found: list[Network] = [*ipaddress.collapse_addresses(four)]
    found += ipaddress.collapse_addresses(six)
    return tuple(str(one) for one in found)
