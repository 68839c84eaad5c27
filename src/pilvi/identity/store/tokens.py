"""What a token's check reads: two queries, both prepared."""

import datetime
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    union_all,
)

from pilvi.core.db import Prepared, Transaction, now
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.store.tables import (
    assignments,
    domains,
    lineage,
    memberships,
    projects,
    revoked_tokens,
    role_closure,
    roles,
    users,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a token's user and scope now."""

    user_name: str
    user_domain_id: str
    user_enabled: bool
    user_epoch: int
    project_name: str | None
    project_domain_id: str | None
    project_enabled: bool | None
    """Of the project or domain in scope; None when it is gone, or for other scopes."""
    project_epoch: int | None
    revoked: bool
    roles: frozenset[str]
    """Direct ones, those of groups and those inherited, with all that they bring."""


# Constants stand in the text: each question mark costs at every run.
_USER: ColumnElement[str] = literal_column("'user'")
_GROUP: ColumnElement[str] = literal_column("'group'")
_EMPTY: ColumnElement[str] = literal_column("''")
_OWN = and_(assignments.c.actor_id == bindparam("user_id"), assignments.c.actor == _USER)
_OF_GROUP = and_(
    memberships.c.user_id == bindparam("user_id"),
    assignments.c.actor_id == memberships.c.group_id,
    assignments.c.actor == _GROUP,
)
# Written so that no index begins with the scope, in which everybody's assignments are.
_SCOPE_ID = func.coalesce(assignments.c.scope_id, _EMPTY)
_HERE = and_(
    assignments.c.inherited.is_(False),
    assignments.c.scope == bindparam("scope_kind"),
    bindparam("scope_id") == _SCOPE_ID,
)
_ABOVE = and_(
    assignments.c.inherited.is_(True),
    lineage.c.project_id == bindparam("project_id"),
    lineage.c.ancestor_id == _SCOPE_ID,
)
_BROUGHT = and_(
    role_closure.c.role_id == assignments.c.role_id,
    roles.c.id == role_closure.c.brings_id,
    roles.c.domain_id == _EMPTY,
)
_OWN_HERE = and_(
    _OWN,
    assignments.c.inherited.is_(False),
    assignments.c.scope == bindparam("scope_kind"),
    assignments.c.scope_id == bindparam("scope_id"),
)
_HELD = union_all(
    select(roles.c.name).where(_OWN_HERE, _BROUGHT),
    select(roles.c.name).where(_OF_GROUP, _HERE, _BROUGHT),
    select(roles.c.name).where(_OWN, _ABOVE, _BROUGHT),
    select(roles.c.name).where(_OF_GROUP, _ABOVE, _BROUGHT),
).subquery("held")
_ROLES = Prepared(select(_HELD.c.name))
_REVOKED = exists().where(
    revoked_tokens.c.audit_id.in_([bindparam("audit_id"), bindparam("first_audit_id")])
)
_STANDING = Prepared(
    select(
        users.c.name,
        users.c.domain_id,
        users.c.enabled,
        users.c.epoch,
        projects.c.name.label("project_name"),
        projects.c.domain_id.label("project_domain_id"),
        func.coalesce(projects.c.enabled, domains.c.enabled).label("project_enabled"),
        func.coalesce(projects.c.epoch, domains.c.epoch).label("project_epoch"),
        _REVOKED.label("revoked"),
    )
    .select_from(users)
    .outerjoin(projects, projects.c.id == bindparam("project_id"))
    .outerjoin(domains, domains.c.id == bindparam("domain_id"))
    .where(users.c.id == bindparam("user_id"))
)


async def find_standing(tx: Transaction, token: Token) -> Standing | None:
    """The standing of a token, or None when its user is gone."""
    scope_id = token.scope_id or ""
    named = {
        "user_id": token.user_id,
        "scope_kind": str(token.scope),
        "scope_id": scope_id,
        "project_id": scope_id if token.scope is ScopeKind.PROJECT else "",
        "domain_id": scope_id if token.scope is ScopeKind.DOMAIN else "",
        "audit_id": token.audit_ids[0],
        "first_audit_id": token.audit_ids[-1],
    }
    first = await tx.first(_STANDING, named)
    if first is None:
        return None
    held = await tx.all(_ROLES, named) if scope_id else ()
    return Standing(
        user_name=first.name,
        user_domain_id=first.domain_id,
        user_enabled=first.enabled,
        user_epoch=first.epoch,
        project_name=first.project_name,
        project_domain_id=first.project_domain_id,
        project_enabled=first.project_enabled,
        project_epoch=first.project_epoch,
        revoked=bool(first.revoked),
        roles=frozenset(row.name for row in held),
    )


async def insert_revoked(tx: Transaction, token: Token, before: datetime.datetime) -> None:
    """Make one token invalid, and forget those that expired before a moment. Repeatable."""
    audit_id = token.audit_ids[0]
    await tx.run(delete(revoked_tokens).where(revoked_tokens.c.expires_at < before))
    await tx.run(delete(revoked_tokens).where(revoked_tokens.c.audit_id == audit_id))
    row = {"audit_id": audit_id, "expires_at": token.expires_at, "revoked_at": now()}
    await tx.run(insert(revoked_tokens).values(**row))


async def list_revoked(
    tx: Transaction, since: datetime.datetime | None
) -> list[tuple[str, datetime.datetime]]:
    """The audit ids of revoked tokens that have not expired, each with when it was revoked."""
    query = select(revoked_tokens).where(revoked_tokens.c.expires_at >= now())
    if since is not None:
        query = query.where(revoked_tokens.c.revoked_at >= since)
    rows = await tx.all(query.order_by(revoked_tokens.c.revoked_at))
    return [(row.audit_id, row.revoked_at or row.expires_at) for row in rows]
