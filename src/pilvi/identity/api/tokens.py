"""Tokens: /v3/auth."""

from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound, Unauthenticated
from pilvi.identity.api.projects import render_project
from pilvi.identity.model.catalog import catalog
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, User
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.operations import tokens
from pilvi.identity.operations.keys import Passwords, TokenKeys
from pilvi.identity.operations.projects import get_domain
from pilvi.identity.store import projects, users


class DomainRef(msgspec.Struct, forbid_unknown_fields=True):
    """A domain by id or name."""

    id: str | None = None
    name: str | None = None


class UserRef(msgspec.Struct, forbid_unknown_fields=True):
    """A user by id, or by name and domain, with the password."""

    password: str = ""
    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None


class PasswordMethod(msgspec.Struct, forbid_unknown_fields=True):
    """The password method."""

    user: UserRef


class TokenMethod(msgspec.Struct, forbid_unknown_fields=True):
    """The token method."""

    id: str


class IdentityPart(msgspec.Struct):
    """How the caller proves to be somebody. Other methods' blocks are ignored, as in Keystone."""

    methods: list[str]
    password: PasswordMethod | None = None
    token: TokenMethod | None = None


class ProjectRef(msgspec.Struct, forbid_unknown_fields=True):
    """A project by id, or by name and domain."""

    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None


class ScopePart(msgspec.Struct, forbid_unknown_fields=True):
    """What the token should be good for."""

    project: ProjectRef | None = None
    domain: DomainRef | None = None
    system: dict[str, bool] | None = None


class Auth(msgspec.Struct, forbid_unknown_fields=True):
    """The request below `auth`."""

    identity: IdentityPart
    scope: ScopePart | str | None = None


class TokenCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/auth/tokens."""

    auth: Auth


async def create_token(call: Call[TokenCreate]) -> Reply:
    """Prove who one is by password or token and get a token for a scope."""
    auth = call.payload.auth
    user, parent = await _prove(call, auth.identity)
    async with call.db.read() as tx:
        scope = await _read_scope(tx, auth.scope)
        checked = await tokens.issue_token(
            tx,
            user,
            sorted({*auth.identity.methods, *(parent.methods if parent else ())}),
            scope,
            lifetime_s=call.settings.token_lifetime_s,
            parent=parent,
        )
        body = await _render(call, tx, checked)
    sealed = call.part(TokenKeys).seal(checked.token)
    return Reply(body, 201, {"x-subject-token": sealed, "vary": "X-Auth-Token"})


async def _prove(call: Call[Any], identity: IdentityPart) -> tuple[User, Token | None]:
    """The user who asks, and the token it was proven with, if by one."""
    refused = Unauthenticated("cannot authenticate: the user or the password is wrong")
    if identity.methods == ["token"] and identity.token is not None:
        async with call.db.read() as tx:
            checked = await tokens.check_token(tx, call.part(TokenKeys), identity.token.id)
            return await users.get_user(tx, checked.token.user_id), checked.token
    if identity.methods != ["password"] or identity.password is None:
        raise InvalidRequest("cannot authenticate: methods must be [password] or [token]")
    named = identity.password.user
    async with call.db.read() as tx:
        domain_id = await _domain_id(tx, named.domain)
        user = await tokens.find_user_for_login(tx, named.id, named.name, domain_id)
    known = user.password_hash if user is not None and user.enabled else None
    if not await call.part(Passwords).verify(known, named.password) or user is None:
        raise refused
    return user, None


async def _domain_id(tx: Any, ref: DomainRef | None) -> str:
    if ref is None:
        return DEFAULT_DOMAIN_ID
    if ref.id is not None:
        return ref.id
    for domain in await projects.list_domains(tx):
        if domain.name == ref.name:
            return domain.id
    return ""


async def _read_scope(tx: Any, part: ScopePart | str | None) -> tokens.Scope | None:
    """The scope asked for; `unscoped` is a scope of its own."""
    if part is None:
        return None
    if isinstance(part, str):
        if part != "unscoped":
            raise InvalidRequest("cannot read the scope: it is a mapping or 'unscoped'")
        return tokens.Scope(ScopeKind.NONE)
    if part.project is not None:
        domain_id = await _domain_id(tx, part.project.domain)
        return tokens.Scope(ScopeKind.PROJECT, part.project.id, part.project.name, domain_id)
    if part.domain is not None:
        return tokens.Scope(ScopeKind.DOMAIN, await _domain_id(tx, part.domain))
    if part.system is not None:
        return tokens.Scope(ScopeKind.SYSTEM)
    return None


async def _render(call: Call[Any], tx: Any, checked: tokens.Checked) -> dict[str, Any]:
    """The token's body, of the API reference's "Password authentication with scoped"."""
    token, standing = checked.token, checked.standing
    body: dict[str, Any] = {
        "methods": token.methods,
        "user": {
            "id": token.user_id,
            "name": standing.user_name,
            "domain": await _render_domain(tx, standing.user_domain_id),
            "password_expires_at": None,
        },
        "audit_ids": token.audit_ids,
        "issued_at": token.issued_at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        "expires_at": token.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
    }
    if token.scope is ScopeKind.NONE:
        return {"token": body}
    if token.scope is ScopeKind.PROJECT:
        body["project"] = {
            "id": token.scope_id,
            "name": standing.project_name,
            "domain": await _render_domain(tx, standing.project_domain_id or ""),
        }
        body["is_domain"] = False
    elif token.scope is ScopeKind.DOMAIN:
        body["domain"] = await _render_domain(tx, token.scope_id or "")
    else:
        body["system"] = {"all": True}
    ids = {role.name: role.id for role in await users.list_roles(tx)}
    body["roles"] = [{"id": ids[name], "name": name} for name in sorted(checked.roles)]
    if "nocatalog" not in call.query:
        body["catalog"] = catalog(call.base_url, call.settings.region)
    return {"token": body}


async def _render_domain(tx: Any, id: str) -> dict[str, str]:
    domain = await get_domain(tx, id)
    return {"id": domain.id, "name": domain.name}


async def show_token(call: Call[None]) -> Reply:
    """Check a token and show what it says; one's own, or any as an admin."""
    checked = await _subject(call)
    return Reply(await _render(call, call.tx, checked), 200, _subject_header(call))


async def revoke_token(call: Call[None]) -> None:
    """End a token: one's own, or any as an admin."""
    await tokens.revoke_token(call.tx, (await _subject(call)).token)


async def _subject(call: Call[None]) -> tokens.Checked:
    text = call.headers.get("x-subject-token") or ""
    try:
        checked = await tokens.check_token(call.tx, call.part(TokenKeys), text)
    except Unauthenticated as error:
        raise NotFound("cannot find this token: it is not valid") from error
    if checked.token.user_id != call.caller.user_id and not call.caller.is_admin:
        raise NotFound("cannot find this token: it is not yours")
    return checked


def _subject_header(call: Call[None]) -> dict[str, str]:
    return {"x-subject-token": call.headers.get("x-subject-token") or "", "vary": "X-Auth-Token"}


async def show_catalog(call: Call[None]) -> dict[str, Any]:
    """The service catalog."""
    return {
        "catalog": catalog(call.base_url, call.settings.region),
        "links": {"self": call.service_url + "/auth/catalog"},
    }


async def list_auth_projects(call: Call[None]) -> dict[str, Any]:
    """The projects that the caller may scope a token to."""
    user = await users.get_user(call.tx, call.caller.user_id)
    mine = await projects.list_projects_of_user(call.tx, user.id)
    return {
        "projects": [render_project(call, project) for project in mine if project.enabled],
        "links": {"self": call.service_url + "/auth/projects", "next": None, "previous": None},
    }
