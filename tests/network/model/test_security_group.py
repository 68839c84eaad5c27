"""What rules say, and what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.rows import MOMENT
from pilvi.errors import InvalidRequest
from pilvi.network.model.security_group import (
    IPV6,
    PROTOCOL_NUMBERS,
    RuleId,
    RuleMatch,
    SecurityGroupRule,
    parse_match,
    parse_protocol,
    resolve_rules,
)

GROUPS = ("g1", "g2", "g3")


def make_rule(group_id: str, match: RuleMatch, id: str = "r") -> SecurityGroupRule:
    """A rule of a group."""
    return SecurityGroupRule(
        id=RuleId(id),
        project_id="p",
        group_id=group_id,
        description="",
        match=match,
        generation=1,
        created_at=MOMENT,
        updated_at=MOMENT,
    )


MATCHES = st.builds(
    RuleMatch,
    direction=st.sampled_from(("ingress", "egress")),
    ethertype=st.sampled_from(("IPv4", "IPv6")),
    protocol=st.sampled_from((None, "tcp", "udp")),
    remote_group_id=st.sampled_from((None, *GROUPS)),
)
RULES = st.lists(st.tuples(st.sampled_from(GROUPS), MATCHES), max_size=12)


@given(RULES, st.sets(st.sampled_from(GROUPS)), st.randoms())
def test_resolved_rules_are_those_of_the_groups_in_an_order_of_their_own(
    said: list[tuple[str, RuleMatch]],
    mine: set[str],
    random: object,
) -> None:
    by_group: dict[str, list[SecurityGroupRule]] = {}
    for group_id, match in said:
        by_group.setdefault(group_id, []).append(make_rule(group_id, match))
    resolved = resolve_rules(sorted(mine), by_group)
    backwards = {group_id: list(reversed(rules)) for group_id, rules in by_group.items()}
    assert resolved == resolve_rules(sorted(mine, reverse=True), backwards)
    wanted = {m.key for g, m in said if g in mine}
    assert len(resolved) == len(wanted)
    assert {r.remote_set for r in resolved} == {m.remote_set for g, m in said if g in mine}


def test_a_remote_group_is_named_and_not_resolved() -> None:
    match = RuleMatch(direction="ingress", ethertype="IPv6", remote_group_id="g1")
    (rule,) = resolve_rules(["g2"], {"g2": [make_rule("g2", match)]})
    assert (rule.remotes, rule.remote_set, rule.ip_version) == (None, "g1", 6)
    match = RuleMatch(direction="ingress", remote_address_group_id="a1")
    (rule,) = resolve_rules(["g2"], {"g2": [make_rule("g2", match)]})
    assert (rule.remotes, rule.remote_set) == (None, "a1")


@given(st.sampled_from(sorted(PROTOCOL_NUMBERS)))
def test_a_protocol_has_one_name(name: str) -> None:
    ethertype = IPV6 if name.startswith("ipv6-") else "IPv4"
    number = PROTOCOL_NUMBERS[name]
    assert parse_protocol(name.upper(), ethertype) == name
    assert parse_protocol(number, ethertype) == parse_protocol(str(number), ethertype) == name


def test_other_protocols() -> None:
    assert [parse_protocol(p) for p in (None, "", "any", -1)] == [None] * 4
    assert parse_protocol(200) == "200"
    assert parse_protocol("icmp", IPV6) == parse_protocol("icmpv6", IPV6) == "ipv6-icmp"
    for wrong in ("nonsense", "256", "tcp; drop", "icmpv6", "１"):
        with pytest.raises(InvalidRequest):
            parse_protocol(wrong)


def test_a_range_is_shown_as_given_and_acts_as_a_whole_range() -> None:
    match = parse_match("ingress", None, "tcp", ("80", 81), (None, "10.0.0.9/8", None))
    assert (match.port_min, match.port_max, match.remote_cidr) == (80, 81, "10.0.0.9/8")
    assert match.remote_range == "10.0.0.0/8"
    twin = parse_match("ingress", None, "tcp", ("80", 81), (None, "10.0.0.0/8", None))
    assert twin.key == match.key
    with pytest.raises(InvalidRequest):
        parse_match("ingress", None, "tcp", ("x", 81), (None, None, None))
    with pytest.raises(InvalidRequest):
        parse_match("ingress", None, "tcp", (1, 2), ("g", None, "a"))
