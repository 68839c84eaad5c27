"""Tokens: /v3/auth."""

from typing import Any

from pilvi.core.db import Transaction
from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden, NotFound, Unauthenticated
from pilvi.identity.api.authentication import (
    TokenCreate,
    find_trust_id,
    prove,
    read_scope,
    refuse_chain,
)
from pilvi.identity.api.domains import render_domain
from pilvi.identity.api.projects import render_project
from pilvi.identity.api.wire import has_flag, link, page, parse_moment, print_moment
from pilvi.identity.model.identity import Role
from pilvi.identity.model.token import Delegation, ScopeKind
from pilvi.identity.operations import tokens
from pilvi.identity.operations.assignments import SYSTEM_ID, list_effective_roles, list_scope_ids
from pilvi.identity.operations.catalog import build_catalog
from pilvi.identity.operations.keys import TokenKeys
from pilvi.identity.operations.projects import get_domain
from pilvi.identity.operations.tokens import Checked, Proof
from pilvi.identity.operations.trusts import use_trust
from pilvi.identity.store import delegations, projects, roles, users


async def create_token(call: Call[TokenCreate]) -> Reply:
    """Prove who one is and get a token for a scope."""
    auth = call.payload.auth
    proof = await prove(call, auth.identity)
    trust_id = find_trust_id(auth)
    if trust_id is not None:
        return await _create_with_trust(call, proof, trust_id)
    async with call.db.read() as tx:
        return await reply_with_token(call, tx, proof, await read_scope(tx, auth.scope))


async def reply_with_token(
    call: Call[Any], tx: Transaction, proof: Proof, scope: tokens.Scope | None
) -> Reply:
    """The reply that gives a token to somebody who has proven to be it."""
    lifetime_s = call.settings.token_lifetime_s
    checked = await tokens.issue_token(tx, proof, scope, lifetime_s=lifetime_s)
    body = await _render(call, tx, checked)
    sealed = call.part(TokenKeys).seal(checked.token)
    return Reply(body, 201, {"x-subject-token": sealed, "vary": "X-Auth-Token"})


async def _create_with_trust(call: Call[Any], proof: Proof, id: str) -> Reply:
    """A token of the trustee with the trustor's roles, and as the trustor if so agreed."""
    refuse_chain(proof.parent, proof.delegation)
    async with call.db.write() as tx:
        trust = await delegations.find_trust(tx, id)
        if trust is None or trust.trustee_user_id != proof.user.id:
            raise Forbidden("cannot use this trust: it is not there, or not for you")
        if trust.project_id is None:
            raise Forbidden("cannot get a token for a trust without a project")
        await use_trust(tx, trust)
        user = proof.user
        if trust.impersonation:
            user = await users.get_user(tx, trust.trustor_user_id)
        made = Proof(
            user,
            proof.methods,
            proof.parent,
            delegation=Delegation.TRUST,
            delegation_id=id,
            delegate_epoch=proof.user.epoch,
        )
        return await reply_with_token(call, tx, made, None)


async def _render(call: Call[Any], tx: Transaction, checked: Checked) -> dict[str, Any]:
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
        "issued_at": print_moment(token.issued_at),
        "expires_at": print_moment(token.expires_at),
        **await _render_delegation(call, tx, checked),
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
    body["roles"] = [{"id": role.id, "name": role.name} for role in await _list_roles(tx, checked)]
    if "nocatalog" not in call.query:
        project_id = token.scope_id if token.scope is ScopeKind.PROJECT else None
        body["catalog"] = await build_catalog(
            tx, call.base_url, user_id=token.user_id, project_id=project_id
        )
    return {"token": body}


async def _list_roles(tx: Transaction, checked: Checked) -> list[Role]:
    known = await roles.list_roles_of_domain(tx, "")
    return [role for role in known if role.name in checked.roles]


async def _render_delegation(call: Call[Any], tx: Transaction, checked: Checked) -> dict[str, Any]:
    """What a delegated token says of the delegation."""
    token = checked.token
    if token.delegation is Delegation.TRUST:
        trust = await delegations.find_trust(tx, token.delegation_id or "")
        assert trust is not None
        return {
            "OS-TRUST:trust": {
                "id": trust.id,
                "impersonation": trust.impersonation,
                "trustee_user": {"id": trust.trustee_user_id},
                "trustor_user": {"id": trust.trustor_user_id},
                "links": link(call, f"OS-TRUST/trusts/{trust.id}"),
            }
        }
    if token.delegation is Delegation.APPLICATION_CREDENTIAL:
        made = await delegations.find_application_credential(tx, id=token.delegation_id)
        assert made is not None
        shown: dict[str, Any] = {"id": made.id, "name": made.name}
        shown["restricted"] = not made.unrestricted
        if checked.grant is not None and checked.grant.access_rules is not None:
            shown["access_rules"] = [
                {"service": rule.service, "method": rule.method, "path": rule.path}
                for rule in checked.grant.access_rules
            ]
        return {"application_credential": shown}
    return {}


async def _render_domain(tx: Transaction, id: str) -> dict[str, str]:
    domain = await get_domain(tx, id)
    return {"id": domain.id, "name": domain.name}


async def show_token(call: Call[None]) -> Reply:
    """Check a token and show what it says: one's own, or any as an admin or a service."""
    checked = await _subject(call, call.tx)
    return Reply(await _render(call, call.tx, checked), 200, _subject_header(call))


async def revoke_token(call: Call[None]) -> None:
    """End a token: one's own, or any as an admin."""
    checked = await _subject(call, call.tx)
    if checked.token.user_id != call.caller.user_id and not call.caller.is_admin:
        raise Forbidden("cannot end another user's token")
    await tokens.revoke_token(call.tx, checked.token, lifetime_s=call.settings.token_lifetime_s)


async def _subject(call: Call[None], tx: Transaction) -> Checked:
    text, caller = call.headers.get("x-subject-token") or "", call.caller
    is_service = caller.is_admin or "service" in caller.roles
    is_reader = caller.system_scope and "reader" in caller.roles
    allow_expired = is_service and has_flag(call, "allow_expired")
    try:
        checked = await tokens.check_token(
            tx, call.part(TokenKeys), text, allow_expired=allow_expired
        )
    except Unauthenticated as error:
        raise NotFound("cannot find this token: it is not valid") from error
    if checked.token.user_id != caller.user_id and not is_service and not is_reader:
        raise NotFound("cannot find this token: it is not yours")
    return checked


def _subject_header(call: Call[None]) -> dict[str, str]:
    return {"x-subject-token": call.headers.get("x-subject-token") or "", "vary": "X-Auth-Token"}


async def show_catalog(call: Call[None]) -> dict[str, Any]:
    """The service catalog of the caller's scope."""
    caller = call.caller
    if caller.project_id is None and caller.domain_id is None and not caller.system_scope:
        raise Forbidden("cannot show a catalog for a token without a scope")
    found = await build_catalog(
        call.tx, call.base_url, user_id=caller.user_id, project_id=caller.project_id
    )
    return {"catalog": found, "links": {"self": call.service_url + "/auth/catalog"}}


async def list_auth_projects(call: Call[None]) -> dict[str, Any]:
    """The projects that the caller may scope a token to."""
    ids = await list_scope_ids(call.tx, call.caller.user_id, "project")
    mine = await projects.list_projects_by_id(call.tx, ids)
    shown = [render_project(call, project) for project in mine if project.enabled]
    return page(call, "projects", shown)


async def list_auth_domains(call: Call[None]) -> dict[str, Any]:
    """The domains that the caller may scope a token to."""
    ids = await list_scope_ids(call.tx, call.caller.user_id, "domain")
    known = [domain for domain in await projects.list_domains(call.tx) if domain.id in ids]
    return page(call, "domains", [render_domain(call, one) for one in known if one.enabled])


async def list_auth_systems(call: Call[None]) -> dict[str, Any]:
    """Whether the caller may scope a token to the system."""
    held = await list_effective_roles(call.tx, call.caller.user_id, "system", SYSTEM_ID)
    found = [{"all": True}] if held else []
    return {"system": found, "links": {"self": call.service_url + "/auth/system"}}


async def list_revocation_events(call: Call[None]) -> dict[str, Any]:
    """The tokens that were ended one by one and would otherwise still hold."""
    found = await tokens.list_revoked(call.tx, parse_moment(call.query.get("since")))
    events = [{"audit_id": id, "issued_before": print_moment(moment)} for id, moment in found]
    return {"events": events, "links": {"self": call.service_url + "/OS-REVOKE/events"}}
