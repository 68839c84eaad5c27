"""Security groups: what a rule may say, and what rules come to for one port. Pure."""

import datetime
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NewType

from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import RuleSpec

SecurityGroupId = NewType("SecurityGroupId", str)
RuleId = NewType("RuleId", str)

DEFAULT_GROUP = "default"
IPV4, IPV6 = "IPv4", "IPv6"

PROTOCOL_NUMBERS = {
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
"""The names that a rule may use; a number that has a name is shown by it."""

_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}
_ALIASES = {"icmpv6": "ipv6-icmp"}
_WITH_PORTS = {"tcp", "udp", "dccp", "sctp", "udplite"}
_ICMP = {"icmp", "ipv6-icmp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A set of allowing rules for the ports that are in it."""

    id: SecurityGroupId
    project_id: str
    name: str
    description: str
    is_default: bool
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMatch:
    """What a rule allows."""

    direction: str
    ethertype: str = IPV4
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_group_id: str | None = None
    remote_cidr: str | None = None

    @property
    def key(self) -> str:
        """Two rules of one group with the same key are the same rule."""
        parts = (
            self.direction,
            self.ethertype,
            self.protocol,
            self.port_min,
            self.port_max,
            self.remote_group_id,
            self.remote_cidr,
        )
        return "|".join("" if part is None else str(part) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """One allowing rule."""

    id: RuleId
    project_id: str
    group_id: str
    description: str
    match: RuleMatch
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


def default_matches(group_id: str) -> list[RuleMatch]:
    """Neutron's four: everything out, and in from the same group."""
    return [
        RuleMatch(direction=direction, ethertype=ethertype, remote_group_id=remote)
        for direction, remote in (("egress", None), ("ingress", group_id))
        for ethertype in (IPV4, IPV6)
    ]


def egress_matches() -> list[RuleMatch]:
    """What a group that a project makes begins with: everything out."""
    return [RuleMatch(direction="egress", ethertype=ethertype) for ethertype in (IPV4, IPV6)]


def parse_match(
    direction: str,
    ethertype: str | None,
    protocol: str | int | None,
    ports: tuple[str | int | None, str | int | None],
    remote: tuple[str | None, str | None],
) -> RuleMatch:
    """A rule as a caller gives it, normalised. `remote` is a group id and a range.

    Raises `InvalidRequest` with what to change.
    """
    if direction not in ("ingress", "egress"):
        raise InvalidRequest(f"cannot use direction '{direction}'; use ingress or egress")
    family = {"ipv4": IPV4, "ipv6": IPV6}.get((ethertype or IPV4).lower())
    if family is None:
        raise InvalidRequest(f"cannot use ethertype '{ethertype}'; use IPv4 or IPv6")
    group_id, cidr = remote
    if group_id is not None and cidr is not None:
        raise InvalidRequest("cannot use remote_group_id and remote_ip_prefix in one rule")
    name = parse_protocol(protocol, family)
    port_min, port_max = _parse_ports(name, ports)
    return RuleMatch(
        direction=direction,
        ethertype=family,
        protocol=name,
        port_min=port_min,
        port_max=port_max,
        remote_group_id=group_id,
        remote_cidr=None if cidr is None else _parse_remote(cidr, family),
    )


def parse_protocol(protocol: str | int | None, ethertype: str = IPV4) -> str | None:
    """A protocol by its name where it has one; None is any. Raises `InvalidRequest`."""
    text = "" if protocol is None else str(protocol).lower()
    if text in ("", "any", "-1"):
        return None
    name = _ALIASES.get(text, text)
    if name.isascii() and name.isdigit():
        number = int(name)
        if number > 255:
            raise InvalidRequest(f"cannot use protocol '{protocol}': numbers go from 0 to 255")
        name = _NAMES.get(number, str(number))
    elif name not in PROTOCOL_NUMBERS:
        known = ", ".join(sorted(PROTOCOL_NUMBERS))
        raise InvalidRequest(
            f"cannot use protocol '{protocol}': use a number from 0 to 255 or one of: {known}"
        )
    if name == "icmp" and ethertype == IPV6:
        return "ipv6-icmp"
    if name.startswith("ipv6-") and ethertype == IPV4:
        raise InvalidRequest(f"cannot use protocol '{protocol}' with ethertype IPv4")
    return name


def _parse_ports(
    protocol: str | None, ports: tuple[str | int | None, str | int | None]
) -> tuple[int | None, int | None]:
    first, last = (_parse_number(value) for value in ports)
    if first is None and last is None:
        return None, None
    if protocol in _ICMP:
        if first is None:
            raise InvalidRequest("cannot use an ICMP code (port_range_max) without a type")
        if not 0 <= first <= 255 or not (last is None or 0 <= last <= 255):
            raise InvalidRequest("cannot use this ICMP type or code: both go from 0 to 255")
        return first, last
    if protocol not in _WITH_PORTS:
        known = ", ".join(sorted(_WITH_PORTS))
        raise InvalidRequest(f"cannot use a port range without one of the protocols: {known}")
    if first is None or last is None:
        raise InvalidRequest("cannot use half a port range: give port_range_min and port_range_max")
    if not 0 <= first <= last <= 65535:
        raise InvalidRequest(
            f"cannot use the port range {first}-{last}: ports go from 0 to 65535, the smaller first"
        )
    return first, last


def _parse_number(value: str | int | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value)
    except ValueError:
        raise InvalidRequest(f"cannot use '{value}' as a port: it must be a whole number") from None


def _parse_remote(text: str, ethertype: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidRequest(
            f"cannot use remote_ip_prefix '{text}': it is no range such as 10.0.0.0/24"
        ) from None
    if network.version != (4 if ethertype == IPV4 else 6):
        raise InvalidRequest(f"cannot use remote_ip_prefix '{text}' with ethertype {ethertype}")
    return str(network)


def resolve_rules(
    group_ids: Iterable[str],
    rules: Mapping[str, Sequence[SecurityGroupRule]],
    members: Mapping[str, Sequence[str]],
) -> list[RuleSpec]:
    """What the rules of some groups come to: remote groups become their members' addresses.

    The same rows always give the same list, so that an unchanged wish is seen as unchanged.
    """
    matches = {
        rule.match.key: rule.match
        for group_id in group_ids
        for rule in rules.get(group_id, ())
        if rule.match.ethertype == IPV4
    }
    return [_resolve(match, members) for _, match in sorted(matches.items())]


def _resolve(match: RuleMatch, members: Mapping[str, Sequence[str]]) -> RuleSpec:
    remotes: list[str] | None = None
    if match.remote_group_id is not None:
        remotes = sorted(set(members.get(match.remote_group_id, ())))
    elif match.remote_cidr is not None:
        remotes = [match.remote_cidr]
    return RuleSpec(
        direction=match.direction,
        protocol=match.protocol,
        port_min=match.port_min,
        port_max=match.port_max,
        remotes=remotes,
    )
