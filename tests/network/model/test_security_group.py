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
    default_matches,
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
MEMBERS = st.dictionaries(
    st.sampled_from(GROUPS), st.lists(st.sampled_from(("10.0.0.1/32", "10.0.0.2/32")), max_size=3)
)


@given(RULES, MEMBERS, st.sets(st.sampled_from(GROUPS)), st.randoms())
def test_resolved_rules_are_those_of_the_groups_in_an_order_of_their_own(
    said: list[tuple[str, RuleMatch]],
    members: dict[str, list[str]],
    mine: set[str],
    random: object,
) -> None:
    by_group: dict[str, list[SecurityGroupRule]] = {}
    for group_id, match in said:
        by_group.setdefault(group_id, []).append(make_rule(group_id, match))
    resolved = resolve_rules(sorted(mine), by_group, members)
    backwards = {group_id: list(reversed(rules)) for group_id, rules in by_group.items()}
    assert resolved == resolve_rules(sorted(mine, reverse=True), backwards, members)
    wanted = {m.key for g, m in said if g in mine and m.ethertype == "IPv4"}
    assert len(resolved) == len(wanted)
    for rule in resolved:
        if rule.remotes is not None:
            assert rule.remotes == sorted(set(rule.remotes))
            assert set(rule.remotes) <= {"10.0.0.1/32", "10.0.0.2/32"}


def test_a_group_without_members_lets_nobody_in() -> None:
    match = RuleMatch(direction="ingress", remote_group_id="g1")
    (rule,) = resolve_rules(["g2"], {"g2": [make_rule("g2", match)]}, {})
    assert rule.remotes == []


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


def test_the_default_rules_let_out_and_let_each_other_in() -> None:
    keys = {match.key for match in default_matches("g")}
    assert len(keys) == 4
    assert {m.remote_group_id for m in default_matches("g") if m.direction == "ingress"} == {"g"}


def test_a_range_is_normalised() -> None:
    match = parse_match("ingress", None, "tcp", ("80", 81), (None, "10.0.0.9/8"))
    assert (match.port_min, match.port_max, match.remote_cidr) == (80, 81, "10.0.0.0/8")
    with pytest.raises(InvalidRequest):
        parse_match("ingress", None, "tcp", ("x", 81), (None, None))
