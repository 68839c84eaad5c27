"""Checks: who is let through."""

import re

import pytest

from pilvi.core.http import Caller, Check, Rule
from pilvi.core.http.policy import Policy, enforce
from pilvi.errors import Forbidden, Internal, Unauthenticated

NOBODY = Caller(user_id="")
UNSCOPED = Caller(user_id="u")


def _caller(*roles: str) -> Caller:
    return Caller(user_id="u", project_id="p", roles=frozenset(roles))


@pytest.mark.parametrize(
    ("check", "passing"),
    [
        (Check.PUBLIC, {"nobody", "unscoped", "none", "reader", "member", "manager", "admin"}),
        (Check.AUTHENTICATED, {"unscoped", "none", "reader", "member", "manager", "admin"}),
        (Check.READER, {"reader", "member", "manager", "admin"}),
        (Check.MEMBER, {"member", "manager", "admin"}),
        (Check.MANAGER, {"manager", "admin"}),
        (Check.ADMIN, {"admin"}),
    ],
)
def test_check(check: Check, passing: set[str]) -> None:
    callers = {"nobody": NOBODY, "unscoped": UNSCOPED, "none": _caller()}
    callers |= {role: _caller(role) for role in ("reader", "member", "manager", "admin")}
    assert {name for name, caller in callers.items() if check.allows(caller)} == passing


def test_enforce_tells_nobody_from_somebody() -> None:
    with pytest.raises(Unauthenticated):
        enforce(Check.READER, NOBODY)
    with pytest.raises(Forbidden, match="admin"):
        enforce(Check.ADMIN, _caller("member"))


@pytest.mark.parametrize("check", [check for check in Check if not check.allows(_caller())])
def test_a_refusal_names_roles_that_exist(check: Check) -> None:
    with pytest.raises(Forbidden) as caught:
        enforce(check, _caller())
    named = set(re.findall("'(.*?)'", caught.value.message))
    assert named and named <= {"reader", "member", "manager", "admin"}


def test_a_rule_that_is_not_registered_stops_the_start() -> None:
    policy = Policy([Rule("a:b", Check.ADMIN, "Do it.")])
    assert policy.require("a:b") is Check.ADMIN
    with pytest.raises(Internal, match="a:c"):
        policy.require("a:c")
