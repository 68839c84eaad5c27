"""Whose things a caller reaches: all, one domain's, or only its own.

The rule of a route says who may come at all; these say which rows it is then about.
"""

from collections.abc import Sequence
from typing import Any

from pilvi.core.db import Transaction
from pilvi.core.http import Call
from pilvi.errors import Forbidden, NotFound
from pilvi.identity.model.identity import Actor, Assignment
from pilvi.identity.model.token import ScopeKind
from pilvi.identity.operations import assignments as operations
from pilvi.identity.store import assignments

_READ = frozenset({"reader", "member", "manager", "admin"})
_MANAGED = frozenset({"reader", "member", "manager"})


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


async def check_managed(call: Call[Any], tx: Transaction, held: Sequence[Assignment]) -> None:
    """Raise `Forbidden` for an assignment that only an admin gives, unless the caller is one.

    A domain's manager gives the roles up to its own, and the domain's, unless they bring more.
    """
    if call.caller.is_admin:
        return
    if any(one.scope == ScopeKind.SYSTEM for one in held):
        raise Forbidden("cannot do this with a role in the system; ask an admin")
    for role in await operations.list_brought_roles(tx, held):
        if role.name not in _MANAGED and role.domain_id != call.caller.domain_id:
            raise Forbidden(f"cannot do this with the role '{role.name}'; ask an admin")


async def check_managed_user(call: Call[Any], tx: Transaction, id: str) -> None:
    """Raise `Forbidden` for a user with more than the caller may give: who changes it has that."""
    await check_managed(call, tx, await assignments.list_assignments_of_user(tx, id))


async def check_managed_group(call: Call[Any], id: str) -> None:
    """Raise `Forbidden` for a group with more than the caller may give: who joins it has that."""
    held = await assignments.list_assignments(call.tx, actor=Actor.GROUP, actor_id=id)
    await check_managed(call, call.tx, held)
