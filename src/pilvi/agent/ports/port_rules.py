"""The packet filter of one port: what a guest may send as its own, and who may reach it.

Everything here is pure. Two parts are loaded in one transaction:

- the *guard*, in netdev ingress of the tap: only IPv4 and ARP with the guest's own MAC and
  addresses (and its allowed pairs) enter the bridge, marked with the tap's number;
- the *group rules*, stateful in the inet family over br_netfilter: `from_guest` looks at the mark
  that the guard set, `to_guest` at the mark that the bridge family sets from the tap through which
  the frame leaves. Rules are therefore found by tap and not by address, and two guests may share
  one allowed address.

Whatever no rule allows is dropped, in both directions; DHCP and the metadata address are always
reachable. Names and values reach nft only after they were parsed, never as they came.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pilvi.agent.ports.names import tap_name
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import PortSpec, RuleSpec

METADATA_ADDRESS = "169.254.169.254"
TABLE = "ports"

COMMENT_BYTES_MAX = 128
"""Longest comment of an nft set element; the record of what is loaded lives in one."""

# IANA's numbers for the protocol names that Neutron accepts in a rule of IPv4.
PROTOCOLS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "icmp": 1,
    "igmp": 2,
    "ipip": 4,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
ICMP = 1
WITH_PORTS = frozenset({6, 17, 33, 132, 136})

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
    """Disjoint CIDRs; 0.0.0.0/0 is anybody."""


@dataclass(frozen=True, slots=True)
class PortFilter:
    """What one port's filter says. The same wish always gives the same filter."""

    mac: str
    addresses: tuple[str, ...]
    own: tuple[tuple[str, str], ...]
    """Every (MAC, CIDR) that the guest may send from; disjoint."""
    matches: tuple[Match, ...]

    @property
    def digest(self) -> str:
        """Short hash of the whole filter."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


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
    """The filter that a port should have; None when it wants no port security. Pure.

    A rule that cannot be expressed (ports on a protocol without ports, a range upside down, IPv6)
    allows nobody, and the port's other rules hold. Raises `InvalidRequest` for a MAC or an address
    of its own that is none.
    """
    if not spec.port_security:
        return None
    mac = parse_mac(spec.mac)
    addresses = tuple(sorted(parse_address(address) for address in spec.addresses))
    own: dict[str, list[ipaddress.IPv4Network]] = {}
    for owner, cidr in [(mac, f"{a}/32") for a in addresses] + spec.allowed_pairs:
        networks = _parse_networks([cidr])
        if networks:
            own.setdefault(parse_mac(owner), []).extend(networks)
    pairs = tuple(
        (owner, str(network))
        for owner in sorted(own)
        for network in ipaddress.collapse_addresses(own[owner])
    )
    matches = {match for rule in spec.rules if (match := parse_rule(rule)) is not None}
    return PortFilter(mac, addresses, pairs, tuple(sorted(matches)))


def parse_rule(rule: RuleSpec) -> Match | None:
    """A rule with every value parsed, or None when it allows nobody. Pure."""
    protocol = _parse_protocol(rule.protocol)
    remotes = ("0.0.0.0/0",) if rule.remotes is None else _collapse(rule.remotes)
    if protocol is None or not remotes or rule.direction not in ("ingress", "egress"):
        return None
    if rule.port_min is None and rule.port_max is None:
        return Match(rule.direction, protocol, -1, -1, remotes)
    if protocol == ICMP:
        kind = rule.port_min
        code = -1 if rule.port_max is None else rule.port_max
        if kind is None or not 0 <= kind <= 255 or not -1 <= code <= 255:
            return None
        return Match(rule.direction, protocol, kind, code, remotes)
    first = rule.port_max if rule.port_min is None else rule.port_min
    last = rule.port_min if rule.port_max is None else rule.port_max
    if protocol not in WITH_PORTS or first is None or last is None:
        return None
    if not 0 <= first <= last <= 65535:
        return None
    return Match(rule.direction, protocol, first, last, remotes)


def allows(filter: PortFilter | None, flow: Flow) -> bool:
    """Whether a connection that exists would be let through if it began now. Pure."""
    if filter is None:
        return True
    if flow.destination in filter.addresses and not _may(filter, "ingress", flow, flow.source):
        return False
    return flow.source not in filter.addresses or _may(filter, "egress", flow, flow.destination)


def _may(filter: PortFilter, direction: str, flow: Flow, remote: str) -> bool:
    if flow.protocol == PROTOCOLS["udp"] and flow.first in (67, 68):
        return True
    if direction == "egress" and flow.destination == METADATA_ADDRESS and flow.first == 80:
        return flow.protocol == PROTOCOLS["tcp"]
    address = ipaddress.IPv4Address(remote)
    for match in filter.matches:
        if match.direction != direction or match.protocol not in (-1, flow.protocol):
            continue
        if not _fits(match, flow):
            continue
        if any(address in ipaddress.IPv4Network(cidr) for cidr in match.remotes):
            return True
    return False


def _fits(match: Match, flow: Flow) -> bool:
    if match.first == -1:
        return True
    if match.protocol == ICMP:
        return match.first == flow.first and match.last in (-1, flow.last)
    return match.first <= flow.first <= match.last


def render_base() -> list[str]:
    """The tables, maps and hooks that the filters of all ports hang in. Repeatable."""
    return [
        f"add table bridge {TABLE}",
        f"add map bridge {TABLE} ports {{ type ifname : mark; }}",
        f"add chain bridge {TABLE} leaving {{ type filter hook forward priority -300; }}",
        f"flush chain bridge {TABLE} leaving",
        f"add rule bridge {TABLE} leaving meta mark set 0",
        f"add rule bridge {TABLE} leaving meta mark set oifname map @ports",
        f"add rule bridge {TABLE} leaving meta mark != 0 ether type != {{ ip, arp }} drop",
        f"add table netdev {TABLE}",
        f"add table inet {TABLE}",
        f"add set inet {TABLE} loaded {{ type ifname; }}",
        f"add map inet {TABLE} zones {{ typeof iifname : ct zone; }}",
        f"add map inet {TABLE} from_guests {{ type mark : verdict; }}",
        f"add map inet {TABLE} to_guests {{ type mark : verdict; }}",
        f"add chain inet {TABLE} zone {{ type filter hook prerouting priority raw; }}",
        f"flush chain inet {TABLE} zone",
        f"add rule inet {TABLE} zone ct zone set iifname map @zones",
        f"add chain inet {TABLE} from_guest {{ type filter hook prerouting priority 0; }}",
        f"flush chain inet {TABLE} from_guest",
        f"add rule inet {TABLE} from_guest meta mark vmap @from_guests",
        f"add chain inet {TABLE} to_guest {{ type filter hook forward priority 0; }}",
        f"flush chain inet {TABLE} to_guest",
        f"add rule inet {TABLE} to_guest meta mark vmap @to_guests",
    ]


def render_load(port_id: str, number: int, zone: int, filter: PortFilter) -> list[str]:
    """The lines that load a filter where none is. Pure."""
    tap = tap_name(port_id)
    record = LoadedFilter(tap, number, zone, filter.digest, filter.addresses)
    lines = [
        f'add element inet {TABLE} loaded {{ "{tap}" comment "{record.comment()}" }}',
        f'add element bridge {TABLE} ports {{ "{tap}" : {number} }}',
    ]
    lines += _render_guard(tap, number, filter)
    for direction, chain in (("ingress", f"to_{tap}"), ("egress", f"from_{tap}")):
        lines.append(f"add chain inet {TABLE} {chain}")
        lines += [f"add rule inet {TABLE} {chain} {rule}" for rule in _rules(filter, direction)]
    lines.append(f"add element inet {TABLE} to_guests {{ {number} : jump to_{tap} }}")
    lines.append(f"add element inet {TABLE} from_guests {{ {number} : jump from_{tap} }}")
    return lines


def render_unload(loaded: LoadedFilter) -> list[str]:
    """The lines that take away exactly what was loaded. Pure.

    The guard's chain is added before it is deleted: kernels before 6.16 remove it together with
    its tap, later ones keep it.
    """
    tap = loaded.tap
    return [
        f'delete element inet {TABLE} loaded {{ "{tap}" }}',
        f'delete element bridge {TABLE} ports {{ "{tap}" }}',
        f"delete element inet {TABLE} to_guests {{ {loaded.number} }}",
        f"delete element inet {TABLE} from_guests {{ {loaded.number} }}",
        f"delete chain inet {TABLE} to_{tap}",
        f"delete chain inet {TABLE} from_{tap}",
        f"add chain netdev {TABLE} {tap}",
        f"delete chain netdev {TABLE} {tap}",
    ]


def _render_guard(tap: str, number: int, filter: PortFilter) -> list[str]:
    chain = f"netdev {TABLE} {tap}"
    rules = [
        # Read from the frame itself: the kernel has put a VLAN tag aside by now, and asking for
        # the protocol would name what is inside of it.
        "ether type != { ip, arp } drop",
        "ip protocol udp udp sport 67 udp dport 68 drop",
        f"meta mark set {number}",
        f"ether saddr {filter.mac} ip saddr 0.0.0.0 ip daddr 255.255.255.255"
        " udp sport 68 udp dport 67 accept",
    ]
    if filter.own:
        by_arp = ", ".join(f"{mac} . {mac} . {_interval(cidr)}" for mac, cidr in filter.own)
        by_ip = ", ".join(f"{mac} . {_interval(cidr)}" for mac, cidr in filter.own)
        rules.append(f"ether saddr . arp saddr ether . arp saddr ip {{ {by_arp} }} accept")
        rules.append(f"ether saddr . ip saddr {{ {by_ip} }} accept")
    hook = f'type filter hook ingress device "{tap}" priority -500; policy drop;'
    return [f"add chain {chain} {{ {hook} }}"] + [f"add rule {chain} {rule}" for rule in rules]


def _rules(filter: PortFilter, direction: str) -> list[str]:
    rules = ["ct state established,related accept", "ct state invalid drop"]
    if direction == "ingress":
        rules.append("meta l4proto udp udp sport 67 udp dport 68 accept")
    else:
        rules.append("meta l4proto udp udp sport 68 udp dport 67 accept")
        rules.append(f"ip daddr {METADATA_ADDRESS} tcp dport 80 accept")
    rules += [render_match(match) for match in filter.matches if match.direction == direction]
    rules.append("drop")
    return rules


def render_match(match: Match) -> str:
    """One rule in nft's words. Pure."""
    words = []
    if match.remotes != ("0.0.0.0/0",):
        side = "saddr" if match.direction == "ingress" else "daddr"
        words.append(f"ip {side} {{ {', '.join(match.remotes)} }}")
    if match.protocol != -1:
        words.append(f"meta l4proto {match.protocol}")
    if match.protocol == ICMP and match.first != -1:
        words.append(f"icmp type {match.first}")
        if match.last != -1:
            words.append(f"icmp code {match.last}")
    elif match.first != -1:
        words.append(f"th dport {match.first}-{match.last}")
    words.append("accept")
    return " ".join(words)


def parse_mac(mac: str) -> str:
    """The MAC in small letters. Raises `InvalidRequest`."""
    if not _MAC.fullmatch(mac.lower()):
        raise InvalidRequest(f"cannot use the MAC address {mac!r}: it is none")
    return mac.lower()


def parse_address(address: str) -> str:
    """The IPv4 address as `ipaddress` prints it. Raises `InvalidRequest`."""
    try:
        return str(ipaddress.IPv4Address(address))
    except ValueError:
        raise InvalidRequest(f"cannot use {address!r}: it is no IPv4 address") from None


def _parse_protocol(protocol: str | None) -> int | None:
    """-1 for any, None for one that no IPv4 packet has."""
    if protocol is None or protocol.lower() == "any":
        return -1
    if protocol.isascii() and protocol.isdigit():
        return int(protocol) if int(protocol) <= 255 else None
    return PROTOCOLS.get(protocol.lower())


def _parse_networks(cidrs: Iterable[str]) -> list[ipaddress.IPv4Network]:
    networks = []
    for cidr in cidrs:
        try:
            networks.append(ipaddress.IPv4Network(cidr, strict=False))
        except ValueError:
            continue
    return networks


def _collapse(cidrs: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(n) for n in ipaddress.collapse_addresses(_parse_networks(cidrs)))


def _interval(cidr: str) -> str:
    network = ipaddress.IPv4Network(cidr)
    if network.prefixlen == 32:
        return str(network.network_address)
    return f"{network.network_address}-{network.broadcast_address}"
