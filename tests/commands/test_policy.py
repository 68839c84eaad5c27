"""`pilvi policy`."""

from pathlib import Path

import pytest
import yaml

from pilvi.bootstrap import ControlPlane, list_rules
from pilvi.commands.policy import describe_policy, print_policy
from pilvi.core.db import open_database
from pilvi.core.http import Check, Rule
from pilvi.core.http.policy_file import read_policy
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def test_the_printed_lines_are_a_policy_file_once_uncommented(tmp_path: Path) -> None:
    rules = [Rule("a:read", Check.READER, "See it."), Rule("a:write", Check.ADMIN, "Change it.")]
    lines = list(describe_policy(rules, {}))
    assert lines[0] == "# See it."
    text = "\n".join(line.removeprefix("#") for line in lines if not line.startswith("# "))
    assert yaml.safe_load(text) == {rule.name: rule.default.expression for rule in rules}
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    assert set(read_policy(path, rules)) == {"a:read", "a:write"}


def test_the_operators_own_rules_stand_uncommented(tmp_path: Path) -> None:
    rules = [Rule("a:read", Check.READER, "See it."), Rule("a:write", Check.ADMIN, "Change it.")]
    path = tmp_path / "policy.yaml"
    path.write_text('"a:write": "role:writer"\n')
    lines = list(describe_policy(rules, read_policy(path, rules)))
    assert "a:write: role:writer" in lines
    assert [line for line in lines if line and not line.startswith("#")] == ["a:write: role:writer"]


def test_every_rule_of_every_service_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(state_dir=str(tmp_path))
    print_policy(settings)
    printed = capsys.readouterr().out
    plane = ControlPlane(settings, open_database(settings.database))
    names = [rule.name for rule in list_rules(plane.list_services())]
    assert len(names) == len(set(names)) > 50
    assert all(name in printed for name in names)


@pytest.mark.parametrize("as_json", [False, True])
def test_beside_a_mistake_the_defaults_are_listed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    as_json: bool,
) -> None:
    settings = Settings(state_dir=str(tmp_path))
    settings.policy_path.write_text('"audit:look": "role:admin and and"\n')
    with pytest.raises(InvalidRequest, match="cannot read the rule 'audit:look'"):
        print_policy(settings, as_json=as_json)
    assert "audit:look" in capsys.readouterr().out
    assert caplog.records == []
