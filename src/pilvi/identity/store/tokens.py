"""What a token's check reads: one query."""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, delete, exists, insert, select

from pilvi.core.db import PreparedQuery, Transaction, now
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.store.tables import grants, projects, revoked_tokens, roles, users


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
    project_epoch: int | None
    revoked: bool
    roles: frozenset[str]


_GRANTED = and_(
    grants.c.user_id == users.c.id,
    grants.c.scope == bindparam("scope_kind"),
    grants.c.scope_id == bindparam("scope_id"),
)
_REVOKED = exists().where(
    revoked_tokens.c.audit_id.in_([bindparam("audit_id"), bindparam("first_audit_id")])
)
_STANDING = PreparedQuery(
    select(
        users.c.name,
        users.c.domain_id,
        users.c.enabled,
        users.c.epoch,
        projects.c.name.label("project_name"),
        projects.c.domain_id.label("project_domain_id"),
        projects.c.enabled.label("project_enabled"),
        projects.c.epoch.label("project_epoch"),
        _REVOKED.label("revoked"),
        roles.c.name.label("role_name"),
    )
    .select_from(users)
    .outerjoin(projects, projects.c.id == bindparam("project_id"))
    .outerjoin(grants, _GRANTED)
    .outerjoin(roles, roles.c.id == grants.c.role_id)
    .where(users.c.id == bindparam("user_id"))
)


async def find_standing(tx: Transaction, token: Token) -> Standing | None:
    """The standing of a token, or None when its user is gone."""
    named = {
        "user_id": token.user_id,
        "scope_kind": str(token.scope),
        "scope_id": token.scope_id or "",
        "project_id": (token.scope_id or "") if token.scope is ScopeKind.PROJECT else "",
        "audit_id": token.audit_ids[0],
        "first_audit_id": token.audit_ids[-1],
    }
    rows = await tx.all(_STANDING, named)
    if not rows:
        return None
    first = rows[0]
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
        roles=frozenset(row.role_name for row in rows if row.role_name is not None),
    )


async def insert_revoked(tx: Transaction, token: Token) -> None:
    """Make one token invalid until it would have expired. Repeatable."""
    audit_id = token.audit_ids[0]
    await tx.run(delete(revoked_tokens).where(revoked_tokens.c.expires_at < now()))
    await tx.run(delete(revoked_tokens).where(revoked_tokens.c.audit_id == audit_id))
    await tx.run(insert(revoked_tokens).values(audit_id=audit_id, expires_at=token.expires_at))
