"""`pilvi policy`: every rule as a line that policy.yaml takes."""

import json
from collections.abc import Iterator, Mapping

import typer
import yaml

from pilvi.bootstrap import ControlPlane, list_rules
from pilvi.core.db import open_database
from pilvi.core.http import Rule
from pilvi.core.http.policy import Allowance
from pilvi.core.http.policy_file import read_policy
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def print_policy(settings: Settings, *, as_json: bool = False) -> None:
    """Print the rules in force: defaults as comments, the operator's own as they stand.

    Raises `InvalidRequest` for a file with which the API would not start, once the defaults are
    printed: who mends a rule looks for its name among them.
    """
    plane = ControlPlane(settings, open_database(settings.database))
    rules = list_rules(plane.list_services())
    written: Mapping[str, Allowance] = {}
    mistake = None
    try:
        written = read_policy(settings.policy_path, rules)
    except InvalidRequest as error:
        mistake = error
    if as_json:
        typer.echo(json.dumps(list(list_policy(rules, written)), indent=2))
    else:
        for line in describe_policy(rules, written):
            typer.echo(line)
    if mistake is not None:
        raise mistake


def list_policy(rules: list[Rule], written: Mapping[str, Allowance]) -> Iterator[dict[str, object]]:
    """Each rule in force, for programs. Pure."""
    for rule in rules:
        own = written.get(rule.name)
        yield {
            "name": rule.name,
            "sentence": rule.sentence,
            "default": rule.default.expression,
            "rule": rule.default.expression if own is None else own.expression,
        }


def describe_policy(rules: list[Rule], written: Mapping[str, Allowance]) -> Iterator[str]:
    """The lines of a policy file. Pure."""
    for rule in rules:
        yield f"# {rule.sentence}"
        own = written.get(rule.name)
        allowance = rule.default if own is None else own
        line = yaml.safe_dump({rule.name: allowance.expression}, width=1000).strip()
        yield line if own is not None else f"#{line}"
        yield ""
