"""Who may use a route: rule names with a default and a sentence each. Default deny.

A route whose rule is not registered stops the process at start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pilvi.core.http.call import Caller
from pilvi.errors import Forbidden, Internal, Unauthenticated

_READ = frozenset({"reader", "member", "manager", "admin"})
_WRITE = frozenset({"member", "manager", "admin"})
_MANAGE = frozenset({"manager", "admin"})


class Check(StrEnum):
    """The defaults a rule can have. Which rows a caller reaches is decided by the store."""

    PUBLIC = "public"
    """Anybody, also without a token."""
    AUTHENTICATED = "authenticated"
    """Any valid token, also an unscoped one."""
    READER = "reader"
    """A reader, member, manager or admin of the project in scope."""
    MEMBER = "member"
    """A member, manager or admin of the project in scope."""
    MANAGER = "manager"
    """A manager or admin of the project in scope."""
    ADMIN = "admin"
    """An admin."""

    def allows(self, caller: Caller) -> bool:
        """Whether the check lets this caller through."""
        match self:
            case Check.PUBLIC:
                return True
            case Check.AUTHENTICATED:
                return bool(caller.user_id)
            case Check.READER:
                return _scoped(caller) and bool(caller.roles & _READ)
            case Check.MEMBER:
                return _scoped(caller) and bool(caller.roles & _WRITE)
            case Check.MANAGER:
                return _scoped(caller) and bool(caller.roles & _MANAGE)
            case Check.ADMIN:
                return caller.is_admin


def _scoped(caller: Caller) -> bool:
    return caller.project_id is not None or caller.is_admin


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a service's policy."""

    name: str
    default: Check
    sentence: str


class Policy:
    """The rules in force."""

    def __init__(self, rules: Iterable[Rule], overrides: Mapping[str, Check] | None = None) -> None:
        self._checks = {rule.name: rule.default for rule in rules}
        self._checks.update(overrides or {})

    def require(self, name: str) -> Check:
        """The check of a rule. Raises `Internal` when there is no such rule."""
        if name not in self._checks:
            raise Internal(f"cannot serve a route whose policy rule '{name}' is not registered")
        return self._checks[name]


def enforce(check: Check, caller: Caller) -> None:
    """Let the caller pass or raise `Unauthenticated` (no token) or `Forbidden`. Pure."""
    if check.allows(caller):
        return
    if not caller.user_id:
        raise Unauthenticated("cannot do this without a valid token: authenticate first")
    raise Forbidden(f"cannot do this: it needs the role '{check}' in the scope of your token")
