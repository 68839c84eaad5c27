"""The operator's rules."""

from itertools import chain
from pathlib import Path

import pytest

from pilvi.core.http import Caller, Check, Rule
from pilvi.core.http.policy_file import read_policy
from pilvi.errors import InvalidRequest

RULES = [
    Rule("image:publish", Check.ADMIN, "Make an image public."),
    Rule("image:read", Check.READER, "See images."),
    Rule("identity:create_token", Check.PUBLIC, "Get a token."),
]
IMPLIED = {
    "none": (),
    "reader": ("reader",),
    "member": ("member", "reader"),
    "manager": ("manager", "member", "reader"),
    "admin": ("admin", "manager", "member", "reader"),
}
SCOPES: tuple[dict[str, object], ...] = (
    {"project_id": "p"},
    {"project_id": None},
    {"project_id": None, "domain_id": "d"},
    {"project_id": None, "system_scope": True},
)


def _caller(role: str = "none", **fields: object) -> Caller:
    values = {"user_id": "u", "project_id": "p", "roles": frozenset(IMPLIED[role]), **fields}
    return Caller(**values)  # type: ignore[arg-type]  # named fields of several types


def _write(directory: Path, text: str) -> Path:
    path = directory / "policy.yaml"
    path.write_text(text)
    return path


def test_no_file_and_an_empty_file_change_nothing(tmp_path: Path) -> None:
    assert read_policy(tmp_path / "policy.yaml", RULES) == {}
    assert read_policy(_write(tmp_path, "# nothing\n"), RULES) == {}


def test_a_rule_is_replaced_and_may_refer_to_others(tmp_path: Path) -> None:
    text = (
        '"publishers": "role:publisher or user_id:chief"\n'
        '"image:publish": "rule:publishers and project_id:%(project_id)s"\n'
    )
    found = read_policy(_write(tmp_path, text), RULES)
    assert list(found) == ["image:publish"]
    publish = found["image:publish"]
    assert publish.allows(_caller(roles=frozenset({"publisher"})))
    assert publish.allows(_caller(user_id="chief"))
    assert not publish.allows(_caller("admin"))
    assert not publish.allows(_caller(roles=frozenset({"publisher"}), project_id=None))


def test_a_written_rule_never_opens_to_nobody(tmp_path: Path) -> None:
    for everybody in ("'@'", "''"):
        found = read_policy(_write(tmp_path, f'"image:read": {everybody}\n'), RULES)
        assert found["image:read"].allows(_caller())
        assert not found["image:read"].allows(Caller(user_id=""))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('"image:pubish": "role:member"', "no rule 'image:pubish'"),
        ('"image:read": "role:a andd role:b"', "cannot read the rule 'image:read'"),
        ('"image:read": "(role:a"', "cannot read the rule 'image:read'"),
        ('"image:read": "rule:nowhere"', "'nowhere', which is not there"),
        ('"image:read": "http://localhost/check"', "asks another server"),
        ('"image:read": [["role:member"]]', "not a text"),
        ('"identity:create_token": "role:member"', "how one gets a token"),
        ("- role:member", "it has lines like"),
        ("a: [", "cannot read"),
    ],
)
def test_a_mistake_stops_the_start(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot") as raised:
        read_policy(_write(tmp_path, text), RULES)
    assert word in raised.value.message


@pytest.mark.parametrize("check", [check for check in Check if check is not Check.PUBLIC])
def test_a_default_in_the_words_of_the_file_lets_the_same_callers_through(
    tmp_path: Path, check: Check
) -> None:
    rules = [Rule("a:rule", check, "Do it.")]
    path = _write(tmp_path, f'"a:rule": "{check.expression}"\n')
    written = read_policy(path, rules)["a:rule"]
    callers = [_caller(role, **scope) for role in IMPLIED for scope in SCOPES]
    verdicts = [(check.allows(caller), written.allows(caller)) for caller in callers]
    assert all(default == own for default, own in verdicts)
    assert {True} <= set(chain.from_iterable(verdicts))


def test_a_rule_that_cannot_be_parsed_leaves_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _write(tmp_path, '"image:read": "role:reader or or"\n')
    with pytest.raises(InvalidRequest, match="cannot read the rule 'image:read'"):
        read_policy(path, RULES)
    assert caplog.records == []
