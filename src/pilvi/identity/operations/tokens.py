"""Tokens: issue, check, revoke."""

import base64
import datetime
import os
from dataclasses import dataclass

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Unauthenticated
from pilvi.identity.model.identity import User, with_implied
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.operations.keys import TokenKeys
from pilvi.identity.store import projects, tokens, users
from pilvi.identity.store.tokens import Standing

SYSTEM_ID = "all"
_REFUSED = "cannot authenticate: the user, the password or the scope is wrong"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is asked to be good for. `id` or `name` with its domain, never both."""

    kind: ScopeKind
    id: str | None = None
    name: str | None = None
    domain_id: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A valid token and what its user may do with it now."""

    token: Token
    standing: Standing

    @property
    def roles(self) -> frozenset[str]:
        """The roles in the scope, implied ones too."""
        return with_implied(set(self.standing.roles))


async def issue_token(
    tx: Transaction,
    user: User,
    methods: list[str],
    scope: Scope | None,
    *,
    lifetime_s: int,
    parent: Token | None = None,
) -> Checked:
    """A token for a user who has proven to be that user. Reads only.

    Made from a parent token it ends when the parent ends. Without a scope it gets the user's
    default project if the user has a role there. Raises `Unauthenticated` for a scope in which
    the user has no role.
    """
    kind, scope_id = await _resolve_scope(tx, user, scope)
    issued = now().replace(microsecond=0)
    expires = issued + datetime.timedelta(seconds=lifetime_s)
    audit_ids = [_audit_id()]
    if parent is not None:
        expires = min(expires, parent.expires_at)
        audit_ids.append(parent.audit_ids[-1])
    project = await projects.get_project(tx, scope_id) if kind is ScopeKind.PROJECT else None
    token = Token(
        user_id=user.id,
        methods=methods,
        scope=kind,
        scope_id=scope_id or None,
        issued_at=issued,
        expires_at=expires,
        audit_ids=audit_ids,
        user_epoch=user.epoch,
        project_epoch=None if project is None else project.epoch,
    )
    checked = await _check(tx, token)
    if kind is not ScopeKind.NONE and not checked.standing.roles:
        raise Unauthenticated(_REFUSED, detail=f"user {user.id} has no role in {kind} {scope_id}")
    return checked


async def _resolve_scope(tx: Transaction, user: User, scope: Scope | None) -> tuple[ScopeKind, str]:
    if scope is None:
        mine = await projects.list_projects_of_user(tx, user.id)
        if any(project.id == user.default_project_id for project in mine):
            return ScopeKind.PROJECT, str(user.default_project_id)
        return ScopeKind.NONE, ""
    if scope.kind is ScopeKind.PROJECT and scope.id is None:
        found = await projects.find_project(tx, scope.name or "", scope.domain_id or "")
        if found is None:
            raise Unauthenticated(_REFUSED, detail=f"no project named {scope.name!r}")
        return scope.kind, found.id
    if scope.kind is ScopeKind.PROJECT:
        known = await projects.list_projects(tx, id=scope.id)
        if not known:
            raise Unauthenticated(_REFUSED, detail=f"no project {scope.id!r}")
    if scope.kind is ScopeKind.SYSTEM:
        return scope.kind, SYSTEM_ID
    return scope.kind, scope.id or ""


async def check_token(tx: Transaction, keys: TokenKeys, text: str) -> Checked:
    """A token that holds now. Raises `Unauthenticated` otherwise. One query."""
    return await _check(tx, keys.open(text))


async def _check(tx: Transaction, token: Token) -> Checked:
    standing = await tokens.find_standing(tx, token)
    problem = _find_problem(token, standing)
    if standing is None or problem:
        raise Unauthenticated("cannot use this token: it is no longer valid", detail=problem)
    return Checked(token, standing)


def _find_problem(token: Token, standing: Standing | None) -> str:
    """Why a token does not hold, or an empty text. Pure but for the clock."""
    if standing is None:
        return "the user is gone"
    if token.expires_at <= now():
        return "expired"
    if standing.revoked:
        return "revoked"
    if not standing.user_enabled or standing.user_epoch != token.user_epoch:
        return "the user is disabled or its tokens were ended"
    if token.scope is ScopeKind.PROJECT and (
        not standing.project_enabled or standing.project_epoch != token.project_epoch
    ):
        return "the project is gone, disabled or its tokens were ended"
    return ""


async def authenticate(tx: Transaction, keys: TokenKeys, text: str) -> Caller:
    """The caller that a token stands for. Raises `Unauthenticated`."""
    checked = await check_token(tx, keys, text)
    token, standing = checked.token, checked.standing
    return Caller(
        user_id=token.user_id,
        user_name=standing.user_name,
        user_domain_id=standing.user_domain_id,
        project_id=token.scope_id if token.scope is ScopeKind.PROJECT else None,
        project_name=standing.project_name or "",
        domain_id=token.scope_id if token.scope is ScopeKind.DOMAIN else None,
        system_scope=token.scope is ScopeKind.SYSTEM,
        roles=checked.roles,
    )


async def revoke_token(tx: Transaction, token: Token) -> None:
    """End one token, and those made from it. Repeatable."""
    await tokens.insert_revoked(tx, token)


async def find_user_for_login(
    tx: Transaction, id: str | None, name: str | None, domain_id: str
) -> User | None:
    """The user that a login names, or None."""
    if id is not None:
        found = await users.list_users(tx, id=id)
        return found[0] if found else None
    return await users.find_user(tx, name or "", domain_id)


def _audit_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
