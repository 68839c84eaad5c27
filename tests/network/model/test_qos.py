"""What rules of policies may say, and what minimums come to."""

import pytest

from pilvi.errors import InvalidRequest
from pilvi.network.model.qos import (
    QosRule,
    QosRuleId,
    RuleKind,
    conflict,
    resource_request,
    rule_columns,
)

PORT = "00000000-0000-4000-8000-000000000001"


def made(kind: RuleKind, **fields: object) -> QosRule:
    columns = rule_columns(kind, fields)
    return QosRule(id=QosRuleId("r"), project_id="p", policy_id="q", kind=kind, **columns)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (RuleKind.PACKET_RATE_LIMIT, {"max_kpps": 0}),
        (RuleKind.PACKET_RATE_LIMIT, {"max_kpps": 1, "max_burst_kpps": -1}),
        (RuleKind.MINIMUM_BANDWIDTH, {"min_kbps": 1, "direction": "any"}),
        (RuleKind.MINIMUM_PACKET_RATE, {"min_kpps": 2**31}),
        (RuleKind.DSCP_MARKING, {"dscp_mark": 1}),
    ],
)
def test_what_is_no_rule_is_refused(kind: RuleKind, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        rule_columns(kind, fields)


def test_a_rule_is_held_against_those_of_its_direction_only() -> None:
    limit = made(RuleKind.BANDWIDTH_LIMIT, max_kbps=10)
    over = rule_columns(RuleKind.MINIMUM_BANDWIDTH, {"min_kbps": 11})
    assert conflict(RuleKind.MINIMUM_BANDWIDTH, over, [limit]) is not None
    inward = {**over, "direction": "ingress"}
    assert conflict(RuleKind.MINIMUM_BANDWIDTH, inward, [limit]) is None
    twin = rule_columns(RuleKind.BANDWIDTH_LIMIT, {"max_kbps": 20})
    assert conflict(RuleKind.BANDWIDTH_LIMIT, twin, [limit]) is not None


def test_only_minimums_are_asked_for() -> None:
    assert resource_request(PORT, [made(RuleKind.BANDWIDTH_LIMIT, max_kbps=10)]) is None
    both = [
        made(RuleKind.MINIMUM_BANDWIDTH, min_kbps=5, direction=direction)
        for direction in ("ingress", "egress")
    ]
    asked = resource_request(PORT, both)
    assert asked is not None and asked == resource_request(PORT, both)
    (group,) = asked["request_groups"]
    assert group["resources"] == {
        "NET_BW_IGR_KILOBIT_PER_SEC": 5,
        "NET_BW_EGR_KILOBIT_PER_SEC": 5,
    }
