"""Who may use a route: rule names with a default and a sentence each. Default deny.

A route whose rule is not registered stops the process at start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pilvi.core.http.call import Caller
from pilvi.errors import Forbidden, Internal, Unauthenticated

_READ = frozenset({"reader", "member", "manager", "admin"})
_WRITE = frozenset({"member", "manager", "admin"})
_MANAGE = frozenset({"manager", "admin"})


class Allowance(Protocol):
    """Whom a rule lets through: one of the defaults, or what an operator wrote."""

    @property
    def expression(self) -> str:
        """The rule in the words of `policy.yaml`."""
        ...

    def allows(self, caller: Caller) -> bool:
        """Whether this caller may pass."""
        ...


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
    DOMAIN_READER = "domain_reader"
    """A reader of the whole system or of the domain in scope, or an admin."""
    DOMAIN_MANAGER = "domain_manager"
    """A manager of the domain in scope, or an admin."""
    SYSTEM_READER = "system_reader"
    """A reader of the whole system, or an admin."""
    ADMIN = "admin"
    """An admin."""

    @property
    def expression(self) -> str:
        """The check in the words of `policy.yaml`."""
        return _EXPRESSIONS[self]

    @property
    def need(self) -> str:
        """What a token has to have, in words for whom the check keeps out."""
        return _NEEDS[self]

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
            case Check.DOMAIN_READER:
                is_scoped = caller.domain_id is not None or caller.system_scope
                return caller.is_admin or (is_scoped and bool(caller.roles & _READ))
            case Check.DOMAIN_MANAGER:
                is_manager = caller.domain_id is not None and bool(caller.roles & _MANAGE)
                return caller.is_admin or is_manager
            case Check.SYSTEM_READER:
                return caller.is_admin or (caller.system_scope and bool(caller.roles & _READ))
            case Check.ADMIN:
                return caller.is_admin


_EXPRESSIONS = {
    Check.PUBLIC: "@",
    Check.AUTHENTICATED: "user_id:%(user_id)s",
    Check.READER: "role:admin or (role:reader and project_id:%(project_id)s)",
    Check.MEMBER: "role:admin or (role:member and project_id:%(project_id)s)",
    Check.MANAGER: "role:admin or (role:manager and project_id:%(project_id)s)",
    Check.DOMAIN_READER: (
        "role:admin or (role:reader and system_scope:all) or "
        "(role:reader and domain_id:%(domain_id)s)"
    ),
    Check.DOMAIN_MANAGER: "role:admin or (role:manager and domain_id:%(domain_id)s)",
    Check.SYSTEM_READER: "role:admin or (role:reader and system_scope:all)",
    Check.ADMIN: "role:admin",
}

_NEEDS = {
    Check.PUBLIC: "nothing",
    Check.AUTHENTICATED: "a user",
    Check.READER: "the role 'reader' in the scope of your token",
    Check.MEMBER: "the role 'member' in the scope of your token",
    Check.MANAGER: "the role 'manager' in the scope of your token",
    Check.DOMAIN_READER: "the role 'reader' in the domain or the system, or 'admin'",
    Check.DOMAIN_MANAGER: "the role 'manager' in the domain, or 'admin'",
    Check.SYSTEM_READER: "the role 'reader' in the system, or 'admin'",
    Check.ADMIN: "the role 'admin' in the scope of your token",
}


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

    def __init__(
        self, rules: Iterable[Rule], overrides: Mapping[str, Allowance] | None = None
    ) -> None:
        self._checks: dict[str, Allowance] = {rule.name: rule.default for rule in rules}
        self._checks.update(overrides or {})

    def require(self, name: str) -> Allowance:
        """The check of a rule. Raises `Internal` when there is no such rule."""
        if name not in self._checks:
            raise Internal(f"cannot serve a route whose policy rule '{name}' is not registered")
        return self._checks[name]


def enforce(check: Allowance, caller: Caller) -> None:
    """Let the caller pass or raise `Unauthenticated` (no token) or `Forbidden`. Pure."""
    if check.allows(caller):
        return
    if not caller.user_id:
        raise Unauthenticated("cannot do this without a valid token: authenticate first")
    if isinstance(check, Check):
        raise Forbidden(f"cannot do this: it needs {check.need}")
    raise Forbidden(f"cannot do this: the operator allows it to '{check.expression}'")
