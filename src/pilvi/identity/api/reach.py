"""Whose things a caller reaches: all, one domain's, or only its own.

The rule of a route says who may come at all; these say which rows it is then about.
"""

from typing import Any

from pilvi.core.http import Call
from pilvi.errors import Forbidden, NotFound

_READ = frozenset({"reader", "member", "manager", "admin"})


def find_domain_limit(call: Call[Any]) -> str | None:
    """The only domain whose things the caller reaches, empty for none; None is every one."""
    caller = call.caller
    is_reader = bool(caller.roles & _READ)
    if caller.is_admin or (caller.system_scope and is_reader):
        return None
    return (caller.domain_id or "") if is_reader else ""


def check_domain(call: Call[Any], domain_id: str, noun: str, id: str) -> None:
    """Raise `NotFound` for a thing of a domain that the caller does not reach."""
    if find_domain_limit(call) not in (None, domain_id):
        raise NotFound(f"cannot find the {noun} '{id}'")


def check_own_domain(call: Call[Any], domain_id: str) -> None:
    """Raise `Forbidden` for something new in a domain that the caller does not manage."""
    if find_domain_limit(call) not in (None, domain_id):
        raise Forbidden("cannot make things in a domain other than your token's")


def check_self(call: Call[Any], user_id: str, domain_id: str | None = None) -> None:
    """Raise `NotFound` unless a user is the caller, or within its reach as a reader."""
    if user_id != call.caller.user_id and find_domain_limit(call) not in (None, domain_id or "?"):
        raise NotFound(f"cannot find the user '{user_id}'")


def check_owner(call: Call[Any], user_id: str) -> None:
    """Raise `Forbidden` unless the caller is this very user, or an admin."""
    if user_id != call.caller.user_id and not call.caller.is_admin:
        raise Forbidden("cannot do this for another user")
