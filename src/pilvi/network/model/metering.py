"""Metering labels: names for traffic of routers that hosts count. Pure."""

import datetime
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from pilvi.errors import InvalidRequest
from pilvi.network.model.address import overlap

LabelId = NewType("LabelId", str)
MeteringRuleId = NewType("MeteringRuleId", str)
PREFIXES = ("remote_prefix", "source_prefix", "destination_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringLabel:
    """A name for traffic of the routers of its project, or of everybody's when it is shared."""

    id: LabelId
    project_id: str
    name: str
    description: str
    is_shared: bool
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringRule:
    """Which traffic belongs to a label, or does not."""

    id: MeteringRuleId
    project_id: str
    label_id: str
    direction: str
    """`ingress` (from outside) or `egress`."""
    remote_prefix: str | None
    """Neutron's old name for the addresses inside, whichever the direction."""
    source_prefix: str | None
    destination_prefix: str | None
    is_excluded: bool

    @property
    def source(self) -> str | None:
        """Where the counted packets come from; None is anywhere."""
        return (self.remote_prefix if self.direction == "egress" else None) or self.source_prefix

    @property
    def destination(self) -> str | None:
        """Where the counted packets go to; None is anywhere."""
        inside = self.remote_prefix if self.direction == "ingress" else None
        return inside or self.destination_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterCount:
    """What a router's host has counted for a label since the router came to it."""

    label_id: str
    router_id: str
    packets: int
    octets: int
    counted_at: datetime.datetime


def rule_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule is made of, from what a caller gives. Raises `InvalidRequest`."""
    direction = values.get("direction", "ingress")
    if direction not in ("ingress", "egress"):
        raise InvalidRequest(f"cannot use direction '{direction}'; use ingress or egress")
    prefixes = {name: _parse_prefix(values.get(name)) for name in PREFIXES}
    others = [prefixes[name] for name in PREFIXES[1:] if prefixes[name] is not None]
    if prefixes["remote_prefix"] is not None and others:
        raise InvalidRequest(
            "cannot use remote_ip_prefix together with source_ip_prefix or destination_ip_prefix"
        )
    if all(prefix is None for prefix in prefixes.values()):
        raise InvalidRequest(
            "cannot meter without source_ip_prefix, destination_ip_prefix or remote_ip_prefix"
        )
    if len({":" in prefix for prefix in others if prefix is not None}) > 1:
        raise InvalidRequest("cannot meter from addresses of one IP version to those of another")
    return {
        "direction": direction,
        **prefixes,
        "is_excluded": bool(values.get("is_excluded", False)),
    }


def _parse_prefix(text: str | None) -> str | None:
    if text is None:
        return None
    # The zone of an IPv6 address is any text at all, which no range needs.
    try:
        network = None if "%" in text else ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None:
        raise InvalidRequest(f"cannot use '{text}': it is no range such as 10.0.0.0/24")
    return str(network)


def is_twin(columns: Mapping[str, Any], others: Sequence[MeteringRule]) -> bool:
    """Whether a rule says what another of its label says already, or a part of it. Pure."""
    for other in others:
        if (other.direction, other.is_excluded) != (columns["direction"], columns["is_excluded"]):
            continue
        pairs = [(columns[name], getattr(other, name)) for name in PREFIXES]
        if all(_overlap(one, two) for one, two in pairs):
            return True
    return False


def _overlap(one: str | None, two: str | None) -> bool:
    if one is None or two is None:
        return one is two
    return overlap(ipaddress.ip_network(one), ipaddress.ip_network(two))
