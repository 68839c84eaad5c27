"""The operator's `policy.yaml`: other rules in the place of defaults, in oslo.policy's syntax.

A rule says who may knock. Which rows are behind the door does not change with it: what belongs
to other projects stays unseen to all but admins. So `%(project_id)s` is the caller's own project.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pilvi.core.http.call import Caller
from pilvi.core.http.policy import Allowance, Check, Rule
from pilvi.errors import InvalidRequest

if TYPE_CHECKING:
    from oslo_policy.policy import Enforcer, Rules

# Kinds of check that ask another server about each request, with the caller's rights in the body.
_REMOTE = ("http:", "https:", "remote:")

_TARGETS = ("user_id", "project_id", "tenant_id", "domain_id")


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule as an operator wrote it."""

    name: str
    expression: str
    rules: "Rules" = field(repr=False)
    """All rules in force: what `rule:NAME` refers to."""

    def allows(self, caller: Caller) -> bool:
        """Whether the rule lets this caller through."""
        if not caller.user_id:
            return False
        # What the caller has not, no rule may compare with: None is not equal to None here.
        named = _credentials(caller)
        target = {name: named[name] for name in _TARGETS if named[name] is not None}
        check = self.rules[self.name]
        # All that a check reads of an enforcer is its rules.
        return bool(check(target, named, cast("Enforcer", self)))


def _credentials(caller: Caller) -> dict[str, Any]:
    return {
        "user_id": caller.user_id,
        "user_domain_id": caller.user_domain_id,
        "project_id": caller.project_id,
        "tenant_id": caller.project_id,
        "domain_id": caller.domain_id,
        "system_scope": "all" if caller.system_scope else None,
        "roles": sorted(caller.roles),
        "is_admin": caller.is_admin,
    }


def read_policy(path: Path, rules: Iterable[Rule]) -> Mapping[str, Allowance]:
    """What a file says instead of the defaults, by rule name; nothing where there is no file.

    A name that is no rule's may be referred to by others with `rule:NAME`, and must be. Raises
    `InvalidRequest` for what cannot be read, so that a mistake never opens or shuts a door.
    """
    if not path.exists():
        return {}
    from oslo_policy.policy import Rules  # a quarter of a second, for those who have a file

    defaults = {rule.name: rule.default for rule in rules}
    known = {name: default.expression for name, default in defaults.items()}
    written = _read_rules(path)
    with _quiet_parser():
        loaded = Rules.from_dict({**known, **written})
    for name in written:
        if defaults.get(name) is Check.PUBLIC:
            raise InvalidRequest(
                f"cannot change the rule '{name}' in {path}: it is how one gets a token at all"
            )
    _check(path, known, written, {name: str(check) for name, check in loaded.items()})
    return {
        name: WrittenRule(name, expression, loaded)
        for name, expression in written.items()
        if name in known
    }


@contextmanager
def _quiet_parser() -> Iterator[None]:
    """Keep oslo.policy's tracebacks out of the log: what it cannot read is refused in our words."""
    logger = logging.getLogger("oslo_policy")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _read_rules(path: Path) -> dict[str, str]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidRequest(f"cannot read {path}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidRequest(f'cannot read {path}: it has lines like  "rule name": "role:member"')
    for name, expression in found.items():
        if not isinstance(name, str) or not isinstance(expression, str):
            raise InvalidRequest(f"cannot read the rule '{name}' in {path}: it is not a text")
    return found


def _check(
    path: Path, known: Mapping[str, str], written: Mapping[str, str], parsed: Mapping[str, str]
) -> None:
    """Refuse what oslo.policy would take as 'nobody' or as a question to another server."""
    referred = {
        word.removeprefix("rule:")
        for expression in written.values()
        for word in expression.replace("(", " ").replace(")", " ").split()
        if word.startswith("rule:")
    }
    for name in sorted(referred - {*known, *written}):
        raise InvalidRequest(
            f"cannot use {path}: it refers to the rule '{name}', which is not there"
        )
    for name, expression in written.items():
        if name not in known and name not in referred:
            raise InvalidRequest(
                f"cannot use {path}: there is no rule '{name}'; 'pilvi policy' lists them"
            )
        if any(kind in expression for kind in _REMOTE):
            raise InvalidRequest(f"cannot use the rule '{name}' in {path}: it asks another server")
        if parsed[name] == "!" and expression.strip() != "!":
            raise InvalidRequest(f"cannot read the rule '{name}' in {path}: '{expression}'")
