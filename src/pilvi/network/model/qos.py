"""Policies of quality of service: limits, minimums, and the marking of packets.

Limits and markings are obeyed on the data path. A minimum is what a port asks of its host's
network, and is shown as such; no scheduler obeys it.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from pilvi.errors import InvalidRequest

QosPolicyId = NewType("QosPolicyId", str)
QosRuleId = NewType("QosRuleId", str)

RATE_MAX = 2**31 - 1
DSCP_MARKS = [0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56]
"""The marks that have a meaning (RFC 2474, 2597, 3246)."""


class RuleKind(StrEnum):
    """What a rule of a policy does."""

    BANDWIDTH_LIMIT = "bandwidth_limit"
    PACKET_RATE_LIMIT = "packet_rate_limit"
    DSCP_MARKING = "dscp_marking"
    MINIMUM_BANDWIDTH = "minimum_bandwidth"
    MINIMUM_PACKET_RATE = "minimum_packet_rate"


MINIMUMS = (RuleKind.MINIMUM_BANDWIDTH, RuleKind.MINIMUM_PACKET_RATE)
OBEYED = tuple(kind for kind in RuleKind if kind not in MINIMUMS)
"""What hosts enforce."""
RULE_FIELDS = {
    RuleKind.BANDWIDTH_LIMIT: ("direction", "max_kbps", "max_burst_kbps"),
    RuleKind.PACKET_RATE_LIMIT: ("direction", "max_kpps", "max_burst_kpps"),
    RuleKind.DSCP_MARKING: ("dscp_mark",),
    RuleKind.MINIMUM_BANDWIDTH: ("direction", "min_kbps"),
    RuleKind.MINIMUM_PACKET_RATE: ("direction", "min_kpps"),
}
"""What a rule of each kind is made of."""
ANY = "any"
"""Both directions together: of a minimum packet rate only."""
_RESOURCES = {
    (RuleKind.MINIMUM_BANDWIDTH, "egress"): "NET_BW_EGR_KILOBIT_PER_SEC",
    (RuleKind.MINIMUM_BANDWIDTH, "ingress"): "NET_BW_IGR_KILOBIT_PER_SEC",
    (RuleKind.MINIMUM_PACKET_RATE, "egress"): "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    (RuleKind.MINIMUM_PACKET_RATE, "ingress"): "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    (RuleKind.MINIMUM_PACKET_RATE, ANY): "NET_PACKET_RATE_KILOPACKET_PER_SEC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QosPolicy:
    """Rules for the ports (or the networks) that name it."""

    id: QosPolicyId
    project_id: str
    name: str
    description: str
    is_default: bool
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QosRule:
    """One rule."""

    id: QosRuleId
    project_id: str
    policy_id: str
    kind: RuleKind
    direction: str
    """`ingress` (towards the guest) or `egress`; empty in a marking."""
    max_kbps: int | None = None
    max_burst_kbps: int | None = None
    """In kilobits; None or 0: the host chooses."""
    dscp_mark: int | None = None
    max_kpps: int | None = None
    max_burst_kpps: int | None = None
    """In thousands of packets; None or 0: the host chooses."""
    min_kbps: int | None = None
    min_kpps: int | None = None


def rule_columns(kind: RuleKind, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule of a kind is made of, from what a caller gives. Raises `InvalidRequest`. Pure."""
    if kind is RuleKind.DSCP_MARKING:
        _check_mark(values.get("dscp_mark"))
        return {"direction": "", "dscp_mark": values["dscp_mark"]}
    direction = values.get("direction", "egress")
    known = ["ingress", "egress"] + ([ANY] if kind is RuleKind.MINIMUM_PACKET_RATE else [])
    if direction not in known:
        raise InvalidRequest(f"cannot use direction '{direction}'; use {' or '.join(known)}")
    columns = {"direction": direction}
    _, rate, *burst = RULE_FIELDS[kind]
    least = 0 if kind in MINIMUMS else 1
    columns[rate] = _check_number(rate, values.get(rate), least)
    for name in burst:
        columns[name] = _check_number(name, values.get(name) or 0, 0)
    return columns


def _check_number(name: str, value: Any, least: int) -> Any:
    if value is None or not least <= value <= RATE_MAX:
        raise InvalidRequest(f"cannot use {name} {value}: it must be {least} to {RATE_MAX}")
    return value


def _check_mark(mark: int | None) -> None:
    """Refuse a mark that has no meaning. Raises `InvalidRequest`."""
    if mark not in DSCP_MARKS:
        known = ", ".join(str(one) for one in DSCP_MARKS)
        raise InvalidRequest(f"cannot use the DSCP mark {mark}; use one of: {known}")


def conflict(kind: RuleKind, columns: Mapping[str, Any], others: Sequence[QosRule]) -> str | None:
    """Why a rule cannot be in a policy beside the others, or None. Pure."""
    direction = columns["direction"]
    for other in others:
        if (other.kind, other.direction) == (kind, direction):
            return f"it has a {kind} rule already"
        if kind is other.kind is RuleKind.MINIMUM_PACKET_RATE and ANY in (
            direction,
            other.direction,
        ):
            return "a minimum packet rate is of any direction or of single ones, not both"
    for least, most in (("min_kbps", "max_kbps"), ("min_kpps", "max_kpps")):
        lower, upper = (_value_of(name, columns, others) for name in (least, most))
        if lower is not None and upper is not None and lower > upper:
            return f"{least} {lower} would be more than {most} {upper}"
    return None


def _value_of(name: str, columns: Mapping[str, Any], others: Sequence[QosRule]) -> int | None:
    """A number in force in the direction of some columns."""
    if name in columns:
        return int(columns[name])
    there = (getattr(o, name) for o in others if o.direction == columns["direction"])
    return next((number for number in there if number is not None), None)


def resource_request(port_id: str, rules: Sequence[QosRule]) -> dict[str, Any] | None:
    """What a port asks of its host's network, as Neutron tells placement; None: nothing. Pure."""
    groups = []
    for kind in MINIMUMS:
        asked = {
            _RESOURCES[rule.kind, rule.direction]: rule.min_kbps or rule.min_kpps or 0
            for rule in rules
            if rule.kind is kind
        }
        if asked:
            id = str(uuid.uuid5(uuid.UUID(port_id), kind))
            groups.append({"id": id, "required": ["CUSTOM_VNIC_TYPE_NORMAL"], "resources": asked})
    if not groups:
        return None
    return {"request_groups": groups, "same_subtree": [group["id"] for group in groups]}
