"""Trusts. In the caller's transaction."""

import dataclasses
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Forbidden, InvalidRequest, NotFound
from pilvi.identity.model.delegation import Trust
from pilvi.identity.operations.assignments import list_effective_roles
from pilvi.identity.operations.tokens import refuse_delegated
from pilvi.identity.store import delegations, projects, roles, users

# How often a trust can be passed on at most. Lower: long chains of services do not work; higher: a
# trustor loses sight of who acts in its name.
REDELEGATION_MAX = 3


async def create_trust(tx: Transaction, caller: Caller, trust: Trust) -> Trust:
    """Keep a new trust of the caller. Raises `Forbidden` for roles that the trustor has not.

    A delegated token makes none, but a trust that may be passed on makes narrower ones.
    """
    if trust.trustor_user_id != caller.user_id:
        raise Forbidden("cannot make a trust in another user's name")
    if trust.expires_at is not None and trust.expires_at <= now():
        raise InvalidRequest("cannot make a trust that is over already")
    await users.get_user(tx, trust.trustee_user_id)
    if trust.project_id is not None:
        await projects.get_project(tx, trust.project_id)
        if not trust.role_ids:
            raise Forbidden("cannot make a trust in a project without a role")
    elif trust.role_ids:
        raise InvalidRequest("cannot delegate roles without a project")
    parent = await _find_parent(tx, caller, trust)
    if parent is None:
        refuse_delegated(caller, "make a trust")
        held = await _list_held(tx, trust)
        if not set(trust.role_ids) <= held:
            raise Forbidden("cannot delegate a role that the trustor does not have")
    else:
        trust = _pass_on(parent, trust)
    await delegations.insert_trust(tx, trust)
    return trust


async def _list_held(tx: Transaction, trust: Trust) -> set[str]:
    if trust.project_id is None:
        return set()
    return await list_effective_roles(tx, trust.trustor_user_id, "project", trust.project_id)


async def _find_parent(tx: Transaction, caller: Caller, trust: Trust) -> Trust | None:
    """The trust that is passed on: the one that the caller's own token was made with."""
    if trust.redelegated_trust_id is None:
        return None
    if trust.redelegated_trust_id != caller.delegation_id:
        raise Forbidden("cannot pass on another trust than that of your token")
    return await delegations.find_trust(tx, trust.redelegated_trust_id)


def _pass_on(parent: Trust, trust: Trust) -> Trust:
    """A trust made from another, in no way wider. Raises `Forbidden`. Pure."""
    if parent.redelegation_count <= 0 or trust.redelegation_count >= parent.redelegation_count:
        raise Forbidden("cannot pass this trust on: it may not be passed on so often")
    if trust.trustor_user_id != parent.trustor_user_id:
        raise Forbidden("cannot pass on a trust in another name than its trustor's")
    if trust.project_id != parent.project_id or not set(trust.role_ids) <= set(parent.role_ids):
        raise Forbidden("cannot pass on more than the trust itself has")
    if trust.impersonation and not parent.impersonation:
        raise Forbidden("cannot pass on impersonation that the trust does not have")
    if trust.remaining_uses is not None or parent.remaining_uses is not None:
        raise Forbidden("cannot pass on a trust with a number of uses; ask for one without")
    if parent.expires_at is not None:
        if trust.expires_at is not None and trust.expires_at > parent.expires_at:
            raise Forbidden("cannot make a trust that outlives the one you use; end it sooner")
        return dataclasses.replace(trust, expires_at=trust.expires_at or parent.expires_at)
    return trust


async def get_trust(tx: Transaction, caller: Caller, id: str) -> Trust:
    """One trust: one's own on either side, any as an admin. Raises `NotFound`."""
    trust = await delegations.find_trust(tx, id)
    if trust is None or (trust.expires_at is not None and trust.expires_at <= now()):
        raise NotFound(f"cannot find the trust '{id}'")
    is_side = caller.user_id in (trust.trustor_user_id, trust.trustee_user_id)
    if not is_side and not caller.sees_system:
        raise NotFound(f"cannot find the trust '{id}'")
    return trust


async def list_trusts(tx: Transaction, caller: Caller, **equal: Any) -> list[Trust]:
    """The trusts of the caller on either side, or every one for those who may see all."""
    if not caller.sees_system and caller.user_id not in equal.values():
        raise Forbidden("cannot list trusts but one's own; name yourself as trustor or trustee")
    of_user = None if caller.sees_system else caller.user_id
    return await delegations.list_trusts(tx, of_user=of_user, now=now(), **equal)


async def delete_trust(tx: Transaction, caller: Caller, id: str) -> None:
    """End a trust and those made from it: its trustor's, or any as an admin."""
    trust = await get_trust(tx, caller, id)
    if trust.trustor_user_id != caller.user_id and not caller.is_admin:
        raise Forbidden("cannot end a trust that another user gave")
    refuse_delegated(caller, "end a trust")
    await delegations.delete_trusts(tx, id=id)


async def choose_trust_roles(
    tx: Transaction, wanted: list[tuple[str | None, str | None]]
) -> list[str]:
    """The ids of the roles that a trust names by id or name. Raises `NotFound`."""
    known = [role for role in await roles.list_roles(tx) if role.domain_id == ""]
    ids: list[str] = []
    for id, name in wanted:
        found = [role.id for role in known if role.id == id or (id is None and role.name == name)]
        if not found:
            raise NotFound(f"cannot find the role '{id or name}'")
        ids.append(found[0])
    return ids


async def use_trust(tx: Transaction, trust: Trust) -> None:
    """Count a use of a trust. Raises `Forbidden` when none is left."""
    if trust.remaining_uses is not None and not await delegations.use_trust(tx, trust.id):
        raise Forbidden("cannot use this trust any more: its number of uses is reached")
