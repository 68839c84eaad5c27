"""Policies of quality of service: limits of bandwidth, and the marking of packets."""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.errors import InvalidRequest

QosPolicyId = NewType("QosPolicyId", str)
QosRuleId = NewType("QosRuleId", str)

RATE_MAX = 2**31 - 1
DSCP_MARKS = [0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56]
"""The marks that have a meaning (RFC 2474, 2597, 3246)."""


class RuleKind(StrEnum):
    """What a rule of a policy does."""

    BANDWIDTH_LIMIT = "bandwidth_limit"
    DSCP_MARKING = "dscp_marking"


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
    max_kbps: int | None
    max_burst_kbps: int | None
    """In kilobits; None or 0: the host chooses."""
    dscp_mark: int | None


def check_limit(direction: str, max_kbps: int | None, burst: int | None) -> None:
    """Refuse a limit that none is. Raises `InvalidRequest`."""
    if direction not in ("ingress", "egress"):
        raise InvalidRequest(f"cannot use direction '{direction}'; use ingress or egress")
    if max_kbps is None or not 1 <= max_kbps <= RATE_MAX:
        raise InvalidRequest(f"cannot limit bandwidth: max_kbps must be 1 to {RATE_MAX}")
    if burst is not None and not 0 <= burst <= RATE_MAX:
        raise InvalidRequest(f"cannot limit bandwidth: max_burst_kbps must be 0 to {RATE_MAX}")


def check_mark(mark: int | None) -> None:
    """Refuse a mark that has no meaning. Raises `InvalidRequest`."""
    if mark not in DSCP_MARKS:
        known = ", ".join(str(one) for one in DSCP_MARKS)
        raise InvalidRequest(f"cannot use the DSCP mark {mark}: use one of: {known}")
