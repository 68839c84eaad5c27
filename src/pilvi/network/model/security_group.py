"""Security groups: what a rule may say, and what rules come to for one port. Pure."""

import datetime
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NewType

from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import RuleSpec

SecurityGroupId = NewType("SecurityGroupId", str)
AddressGroupId = NewType("AddressGroupId", str)
RuleId = NewType("RuleId", str)

DEFAULT_GROUP = "default"
PARENT = "PARENT"
"""In a default rule: the group that the rule becomes part of."""
# Higher: larger sets on every host that has a port whose rules name the group.
ADDRESSES_MAX = 1000
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
"""The names that a rule may use."""

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
    is_stateful: bool
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
    remote_address_group_id: str | None = None

    @property
    def remote_set(self) -> str | None:
        """Id of the set of addresses that the other side has to be in."""
        return self.remote_group_id or self.remote_address_group_id

    @property
    def remote_range(self) -> str | None:
        """`remote_cidr` without the bits of a host, which are only shown."""
        if self.remote_cidr is None:
            return None
        return str(ipaddress.ip_network(self.remote_cidr, strict=False))

    @property
    def key(self) -> str:
        """Two rules of one group with the same key are the same rule."""
        parts: tuple[str | int | None, ...] = (
            self.direction,
            self.ethertype,
            protocol_name(self.protocol),
            self.port_min,
            self.port_max,
            self.remote_group_id,
            self.remote_range,
        )
        if self.remote_address_group_id is not None:
            parts = (*parts, self.remote_address_group_id)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressGroup:
    """Ranges that rules name as remote."""

    id: AddressGroupId
    project_id: str
    name: str
    description: str
    addresses: list[str]
    generation: int
    applied_generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRule:
    """A rule that new groups begin with."""

    id: RuleId
    description: str
    match: RuleMatch
    is_remote_parent: bool
    is_for_default: bool
    is_for_others: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultStatefulness:
    """Whether new groups of a project (None: of all others) are stateful when nobody says."""

    id: str
    project_id: str | None
    is_stateful: bool


def parse_match(
    direction: str,
    ethertype: str | None,
    protocol: str | int | None,
    ports: tuple[str | int | None, str | int | None],
    remote: tuple[str | None, str | None, str | None],
) -> RuleMatch:
    """A rule as a caller gives it, normalised.

    `remote` is a security group's id, a range, and an address group's id. Raises `InvalidRequest`
    with what to change.
    """
    if direction not in ("ingress", "egress"):
        raise InvalidRequest(f"cannot use direction '{direction}'; use ingress or egress")
    family = {"ipv4": IPV4, "ipv6": IPV6}.get((ethertype or IPV4).lower())
    if family is None:
        raise InvalidRequest(f"cannot use ethertype '{ethertype}'; use IPv4 or IPv6")
    group_id, cidr, address_group_id = remote
    if sum(one is not None for one in remote) > 1:
        raise InvalidRequest(
            "cannot use more than one of remote_group_id, remote_ip_prefix and "
            "remote_address_group_id in one rule"
        )
    name = parse_protocol(protocol, family)
    port_min, port_max = _parse_ports(name, ports)
    return RuleMatch(
        direction=direction,
        ethertype=family,
        protocol=_as_given(protocol, name),
        port_min=port_min,
        port_max=port_max,
        remote_group_id=group_id,
        remote_cidr=None if cidr is None else _parse_remote(cidr, family),
        remote_address_group_id=address_group_id,
    )


def _as_given(protocol: str | int | None, name: str | None) -> str | None:
    """A protocol that was given as a number is shown as that number."""
    text = str(protocol)
    is_same = name is not None and text.isdigit() and PROTOCOL_NUMBERS.get(name) == int(text)
    return str(int(text)) if is_same else name


def protocol_name(protocol: str | None) -> str | None:
    """The one name of a protocol of a rule, however it was given."""
    if protocol is None or not protocol.isdigit():
        return protocol
    return _NAMES.get(int(protocol), protocol)


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
            f"cannot use protocol '{protocol}'; use a number from 0 to 255 or one of: {known}"
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
            raise InvalidRequest(
                "cannot use an ICMP code (port-range-max): the ICMP type (port-range-min) is "
                "missing"
            )
        for what, number in (("type", first), ("code", last)):
            if number is not None and not 0 <= number <= 255:
                raise InvalidRequest(
                    f"cannot use this rule: Invalid value for ICMP {what} {number}; it goes from "
                    "0 to 255"
                )
        return first, last
    if protocol not in _WITH_PORTS:
        known = ", ".join(sorted(_WITH_PORTS))
        raise InvalidRequest(f"cannot use a port range without one of the protocols: {known}")
    for port in (first, last):
        if port is not None and not 0 <= port <= 65535:
            raise InvalidRequest(
                f"cannot use this port range: Invalid value for port {port}; ports go from 0 to "
                "65535"
            )
    if first is None or last is None or first > last:
        raise InvalidRequest(
            f"cannot use the port range {first}-{last}; give both ends, and port_range_min must be "
            "<= port_range_max"
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
    # The zone of an IPv6 address is any text at all, which no range needs.
    try:
        network = None if "%" in text else ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None:
        raise InvalidRequest(
            f"cannot use remote_ip_prefix '{text}': it is no range such as 10.0.0.0/24"
        )
    if network.version != (4 if ethertype == IPV4 else 6):
        raise InvalidRequest(
            f"cannot use remote_ip_prefix '{text}': Conflicting value ethertype {ethertype}"
        )
    return str(ipaddress.ip_interface(text))


def resolve_rules(
    group_ids: Iterable[str], rules: Mapping[str, Sequence[SecurityGroupRule]]
) -> list[RuleSpec]:
    """What the rules of some groups come to: remote groups are named, not resolved.

    The same rows always give the same list, so that an unchanged wish is seen as unchanged.
    """
    matches = {
        rule.match.key: rule.match for group_id in group_ids for rule in rules.get(group_id, ())
    }
    return [_resolve(match) for _, match in sorted(matches.items())]


def _resolve(match: RuleMatch) -> RuleSpec:
    return RuleSpec(
        direction=match.direction,
        protocol=match.protocol,
        port_min=match.port_min,
        port_max=match.port_max,
        remotes=None if match.remote_range is None else [match.remote_range],
        remote_set=match.remote_set,
        ip_version=4 if match.ethertype == IPV4 else 6,
    )
