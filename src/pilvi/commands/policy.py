"""`pilvi policy`: every rule as a line that policy.yaml takes."""

from collections.abc import Iterator, Mapping

import typer
import yaml

from pilvi.bootstrap import ControlPlane, list_rules
from pilvi.core.db import open_database
from pilvi.core.http import Rule
from pilvi.core.http.policy import Allowance
from pilvi.core.http.policy_file import read_policy
from pilvi.settings import Settings


def print_policy(settings: Settings) -> None:
    """Print the rules in force: defaults as comments, the operator's own as they stand.

    Raises `InvalidRequest` for a file with which the API would not start.
    """
    plane = ControlPlane(settings, open_database(settings.database))
    rules = list_rules(plane.list_services())
    for line in describe_policy(rules, read_policy(settings.policy_path, rules)):
        typer.echo(line)


def describe_policy(rules: list[Rule], written: Mapping[str, Allowance]) -> Iterator[str]:
    """The lines of a policy file. Pure."""
    for rule in rules:
        yield f"# {rule.sentence}"
        own = written.get(rule.name)
        allowance = rule.default if own is None else own
        line = yaml.safe_dump({rule.name: allowance.expression}, width=1000).strip()
        yield line if own is not None else f"#{line}"
        yield ""
