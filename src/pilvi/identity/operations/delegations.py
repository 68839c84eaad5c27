"""What a delegation still comes to: the same question for every kind."""

import msgspec

from pilvi.core.db import Transaction, now
from pilvi.core.http.access import AccessRule
from pilvi.identity.model.delegation import ApplicationCredential, Grant, Trust
from pilvi.identity.model.token import Delegation, Token
from pilvi.identity.store import delegations, roles, rows, tokens, users
from pilvi.identity.store.credential_tables import access_rules, oauth_tokens
from pilvi.identity.store.tokens import Standing


async def find_grant(tx: Transaction, kind: Delegation, id: str | None) -> Grant | None:
    """What is delegated now, or None when it is gone or over."""
    grant = await _find(tx, kind, id or "")
    if grant is None or (grant.expires_at is not None and grant.expires_at <= now()):
        return None
    return grant


async def _find(tx: Transaction, kind: Delegation, id: str) -> Grant | None:
    if kind is Delegation.APPLICATION_CREDENTIAL:
        made = await delegations.find_application_credential(tx, id=id)
        return None if made is None else await _of_application_credential(tx, made)
    if kind is Delegation.TRUST:
        trust = await delegations.find_trust(tx, id)
        return None if trust is None else of_trust(trust)
    for row in await rows.list_rows(tx, oauth_tokens, id=id, kind="access"):
        return Grant(row.user_id, row.user_id, row.project_id, row.role_ids, row.expires_at)
    return None


async def _of_application_credential(tx: Transaction, made: ApplicationCredential) -> Grant:
    rules = None
    if made.access_rule_ids:
        known = {
            row.id: row for row in await rows.list_rows(tx, access_rules, user_id=made.user_id)
        }
        found = [known[id] for id in made.access_rule_ids if id in known]
        rules = tuple(AccessRule(row.service, row.method, row.path) for row in found)
    user_id = made.user_id
    return Grant(user_id, user_id, made.project_id, made.role_ids, made.expires_at, rules)


def of_trust(trust: Trust) -> Grant:
    """What a trust delegates. Pure."""
    return Grant(
        grantor_id=trust.trustor_user_id,
        holder_id=trust.trustee_user_id,
        project_id=trust.project_id or "",
        role_ids=trust.role_ids,
        expires_at=trust.expires_at,
    )


async def narrow_roles(
    tx: Transaction, token: Token, grant: Grant, standing: Standing
) -> frozenset[str] | None:
    """The names of the roles that a delegated token has, or None when it does not hold.

    It holds while the grantor has every role that was delegated, and both sides are enabled.
    """
    held = standing.roles
    if grant.grantor_id != token.user_id:
        grantor = await tokens.find_standing(
            tx, msgspec.structs.replace(token, user_id=grant.grantor_id)
        )
        if grantor is None or not grantor.user_enabled:
            return None
        held = grantor.roles
    if grant.holder_id != token.user_id:
        holder = (await users.list_users(tx, id=grant.holder_id))[:1]
        if not holder or not holder[0].enabled or holder[0].epoch != token.delegate_epoch:
            return None
    if grant.project_id != (token.scope_id or ""):
        return None
    brought = await roles.list_brought(tx, grant.role_ids)
    found = await roles.list_roles_by_id(tx, brought)
    names = frozenset(role.name for role in found if role.domain_id == "")
    return names if names <= held else None
