"""Tokens: issue, check, revoke."""

import base64
import dataclasses
import datetime
import os
from dataclasses import dataclass

from pilvi.core.db import Transaction, now
from pilvi.core.http import Caller
from pilvi.errors import Forbidden, Unauthenticated
from pilvi.identity.model.delegation import Grant
from pilvi.identity.model.identity import User
from pilvi.identity.model.token import Delegation, ScopeKind, Token
from pilvi.identity.operations.assignments import SYSTEM_ID
from pilvi.identity.operations.delegations import find_grant, narrow_roles
from pilvi.identity.operations.keys import TokenKeys
from pilvi.identity.store import assignments, projects, tokens, users
from pilvi.identity.store.tokens import Standing

_REFUSED = "cannot authenticate: the user, the password or the scope is wrong"
# How long an expired token can still be looked at by services that ask for it, for requests
# that take longer than a token lives.
EXPIRED_WINDOW = datetime.timedelta(days=2)
# How far a token's making may lie ahead of this machine's clock. Lower: machines whose clocks
# differ refuse each other's tokens; higher: a clock that is set back lets tokens live longer.
AHEAD_MAX = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is asked to be good for. `id` or `name` with its domain, never both."""

    kind: ScopeKind
    id: str | None = None
    name: str | None = None
    domain_id: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Who has proven to be somebody, and with what."""

    user: User
    methods: list[str]
    parent: Token | None = None
    """The token that it was proven with."""
    delegation: Delegation = Delegation.NONE
    delegation_id: str | None = None
    delegate_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A valid token and what its user may do with it now."""

    token: Token
    standing: Standing
    grant: Grant | None = None
    """What was delegated, where the token was made with a delegation."""

    @property
    def roles(self) -> frozenset[str]:
        """The roles in the scope, implied ones too."""
        return self.standing.roles


async def issue_token(
    tx: Transaction, proof: Proof, scope: Scope | None, *, lifetime_s: int
) -> Checked:
    """A token for a user who has proven to be that user. Reads only.

    Made from a parent token it ends when the parent ends; made with a delegation it is good for
    the delegation's project alone. Without a scope it gets the user's default project if the user
    has a role there. Raises `Unauthenticated` for a scope in which the user has no role.
    """
    user, parent = proof.user, proof.parent
    if not (await projects.get_domain(tx, user.domain_id)).enabled:
        raise Unauthenticated(_REFUSED, detail=f"the domain of user {user.id} is disabled")
    issued = now().replace(microsecond=0)
    expires = issued + datetime.timedelta(seconds=lifetime_s)
    audit_ids = [_audit_id()]
    if parent is not None:
        expires = min(expires, parent.expires_at)
        audit_ids.append(parent.audit_ids[-1])
    if proof.delegation is Delegation.NONE:
        kind, scope_id = await _resolve_scope(tx, user, scope)
    else:
        grant = await find_grant(tx, proof.delegation, proof.delegation_id)
        if grant is None:
            raise Unauthenticated(_REFUSED, detail="what was delegated is gone")
        kind, scope_id = await _resolve_delegated(tx, user, scope, grant)
        expires = min(expires, grant.expires_at or expires)
    token = Token(
        user_id=user.id,
        methods=proof.methods,
        scope=kind,
        scope_id=scope_id or None,
        issued_at=issued,
        expires_at=expires,
        audit_ids=audit_ids,
        user_epoch=user.epoch,
        project_epoch=await _find_epoch(tx, kind, scope_id),
        delegation=proof.delegation,
        delegation_id=proof.delegation_id,
        delegate_epoch=proof.delegate_epoch,
    )
    checked = await _check(tx, token, issued)
    if kind is not ScopeKind.NONE and not checked.standing.roles:
        raise Unauthenticated(_REFUSED, detail=f"user {user.id} has no role in {kind} {scope_id}")
    return checked


async def _find_epoch(tx: Transaction, kind: ScopeKind, scope_id: str) -> int | None:
    """The epoch of the project or domain in scope. Raises `Unauthenticated` in a disabled one."""
    if kind is ScopeKind.DOMAIN:
        domain = await projects.find_domain_by_id(tx, scope_id)
        if domain is None or not domain.enabled:
            raise Unauthenticated(_REFUSED, detail=f"no enabled domain {scope_id!r}")
        return domain.epoch
    if kind is not ScopeKind.PROJECT:
        return None
    project = await projects.get_project(tx, scope_id)
    if not (await projects.get_domain(tx, project.domain_id)).enabled:
        raise Unauthenticated(_REFUSED, detail=f"the domain of project {scope_id} is disabled")
    return project.epoch


async def _resolve_scope(tx: Transaction, user: User, scope: Scope | None) -> tuple[ScopeKind, str]:
    if scope is None:
        mine = await assignments.list_scope_ids_of_user(tx, user.id, "project")
        if user.default_project_id in mine:
            project = await projects.get_project(tx, user.default_project_id)
            domain = await projects.get_domain(tx, project.domain_id)
            if project.enabled and domain.enabled:
                return ScopeKind.PROJECT, project.id
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


async def _resolve_delegated(
    tx: Transaction, user: User, scope: Scope | None, grant: Grant
) -> tuple[ScopeKind, str]:
    """The project of a delegation; another scope is refused, also none."""
    if scope is not None:
        wanted = await _resolve_scope(tx, user, scope)
        if wanted != (ScopeKind.PROJECT, grant.project_id):
            raise Unauthenticated(_REFUSED, detail="a delegation is good for its project alone")
    return ScopeKind.PROJECT, grant.project_id


async def check_token(
    tx: Transaction, keys: TokenKeys, text: str, *, allow_expired: bool = False
) -> Checked:
    """A token that holds now. Raises `Unauthenticated` otherwise. One query.

    `allow_expired` lets one pass whose time is over, but not long over.
    """
    token = keys.open(text)
    moment = keys.clock.moment_for(token.issued_at)
    return await _check(tx, token, moment - (EXPIRED_WINDOW if allow_expired else _NONE))


async def _check(tx: Transaction, token: Token, moment: datetime.datetime) -> Checked:
    standing = await tokens.find_standing(tx, token)
    problem = _find_problem(token, standing, moment)
    if standing is None or problem:
        raise Unauthenticated("cannot use this token: it is no longer valid", detail=problem)
    if token.delegation is Delegation.NONE:
        return Checked(token, standing)
    return await _check_delegated(tx, token, standing)


async def _check_delegated(tx: Transaction, token: Token, standing: Standing) -> Checked:
    """A token made with a delegation: its roles are those that were delegated."""
    grant = await find_grant(tx, token.delegation, token.delegation_id)
    roles = None if grant is None else await narrow_roles(tx, token, grant, standing)
    if grant is None or roles is None:
        problem = "what was delegated is gone or no longer the grantor's"
        raise Unauthenticated("cannot use this token: it is no longer valid", detail=problem)
    return Checked(token, dataclasses.replace(standing, roles=roles), grant)


_NONE = datetime.timedelta()


def _find_problem(token: Token, standing: Standing | None, moment: datetime.datetime) -> str:
    """Why a token does not hold at a moment, or an empty text. Pure but for the clock."""
    if standing is None:
        return "the user is gone"
    if token.expires_at <= moment:
        return "expired"
    if token.issued_at > now() + AHEAD_MAX:
        return "made in the future: the clock was set back"
    if standing.revoked:
        return "revoked"
    if not standing.user_enabled or standing.user_epoch != token.user_epoch:
        return "the user is disabled or its tokens were ended"
    if token.scope in (ScopeKind.PROJECT, ScopeKind.DOMAIN) and (
        not standing.project_enabled or standing.project_epoch != token.project_epoch
    ):
        return "the scope is gone, disabled or its tokens were ended"
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
        delegation_id=token.delegation_id,
        access_rules=None if checked.grant is None else checked.grant.access_rules,
    )


async def revoke_token(tx: Transaction, token: Token, *, lifetime_s: int) -> None:
    """End one token, and those made from it. Repeatable.

    That it was ended is remembered for a token's lifetime beyond its expiry, so that a clock that
    ran ahead and is set back does not bring it to life again.
    """
    await tokens.insert_revoked(tx, token, now() - datetime.timedelta(seconds=lifetime_s))


async def revoke_tokens_of_user(tx: Transaction, user_id: str) -> None:
    """End every token of a user."""
    user = await users.get_user(tx, user_id)
    await users.update_user(tx, user.id, epoch=user.epoch + 1)


async def list_revoked(
    tx: Transaction, since: datetime.datetime | None
) -> list[tuple[str, datetime.datetime]]:
    """The audit ids of tokens that were ended one by one, each with when."""
    return await tokens.list_revoked(tx, since)


def refuse_delegated(caller: Caller, what: str) -> None:
    """Raise `Forbidden` when the caller's token was made with a delegation. Pure."""
    if caller.delegation_id is not None:
        raise Forbidden(f"cannot {what} with a delegated token; use the user's own")


def _audit_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
