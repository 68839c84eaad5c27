"""Trusts."""

import uuid
from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound
from pilvi.identity.api.application_credentials import RoleRef
from pilvi.identity.api.roles import render_granted_role
from pilvi.identity.api.wire import Id, link, page, parse_moment, print_moment
from pilvi.identity.model.delegation import Trust
from pilvi.identity.model.identity import Role
from pilvi.identity.operations import trusts as operations
from pilvi.identity.store import roles


class TrustFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a trust is made of."""

    trustor_user_id: Id
    trustee_user_id: Id
    impersonation: bool
    project_id: Id | None = None
    roles: Annotated[list[RoleRef], msgspec.Meta(max_length=100)] = []
    expires_at: str | None = None
    remaining_uses: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    allow_redelegation: bool | None = None
    redelegation_count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    redelegated_trust_id: Id | None = None


class TrustBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/OS-TRUST/trusts."""

    trust: TrustFields


def _render(call: Call[Any], trust: Trust) -> dict[str, Any]:
    return {
        "id": trust.id,
        "trustor_user_id": trust.trustor_user_id,
        "trustee_user_id": trust.trustee_user_id,
        "project_id": trust.project_id,
        "impersonation": trust.impersonation,
        "expires_at": print_moment(trust.expires_at),
        "remaining_uses": trust.remaining_uses,
        "redelegation_count": trust.redelegation_count,
        "redelegated_trust_id": trust.redelegated_trust_id,
        "deleted_at": None,
        "links": link(call, f"OS-TRUST/trusts/{trust.id}"),
    }


async def _render_whole(call: Call[Any], trust: Trust) -> dict[str, Any]:
    found = await roles.list_roles_by_id(call.tx, trust.role_ids)
    links = {"self": f"{call.service_url}/OS-TRUST/trusts/{trust.id}/roles"}
    return {
        **_render(call, trust),
        "roles": [render_granted_role(call, role) for role in found],
        "roles_links": {**links, "next": None, "previous": None},
    }


async def list_trusts(call: Call[None]) -> dict[str, Any]:
    """The trusts that one gave or was given, or every one for those who may see all."""
    names = ("trustor_user_id", "trustee_user_id")
    equal = {name: call.query[name] for name in names if name in call.query}
    found = await operations.list_trusts(call.tx, call.caller, **equal)
    return page(call, "trusts", [_render(call, trust) for trust in found])


async def create_trust(call: Call[TrustBody]) -> dict[str, Any]:
    """A new trust of the caller's."""
    fields = call.payload.trust
    count = fields.redelegation_count
    if count is not None and count > operations.REDELEGATION_MAX:
        raise InvalidRequest(
            f"cannot let a trust be passed on more than {operations.REDELEGATION_MAX} times"
        )
    wanted = [(role.id, role.name) for role in fields.roles]
    allowed = fields.allow_redelegation
    trust = Trust(
        id=uuid.uuid4().hex,
        trustor_user_id=fields.trustor_user_id,
        trustee_user_id=fields.trustee_user_id,
        project_id=fields.project_id,
        impersonation=fields.impersonation,
        role_ids=await operations.choose_trust_roles(call.tx, wanted),
        expires_at=parse_moment(fields.expires_at),
        remaining_uses=fields.remaining_uses,
        redelegation_count=(operations.REDELEGATION_MAX if count is None else count)
        if allowed
        else 0,
        redelegated_trust_id=fields.redelegated_trust_id,
    )
    trust = await operations.create_trust(call.tx, call.caller, trust)
    return {"trust": await _render_whole(call, trust)}


async def _get(call: Call[Any]) -> Trust:
    return await operations.get_trust(call.tx, call.caller, call.path["trust_id"])


async def show_trust(call: Call[None]) -> dict[str, Any]:
    """One trust."""
    return {"trust": await _render_whole(call, await _get(call))}


async def delete_trust(call: Call[None]) -> None:
    """End a trust; its tokens end at once."""
    await operations.delete_trust(call.tx, call.caller, call.path["trust_id"])


async def list_trust_roles(call: Call[None]) -> dict[str, Any]:
    """The roles that a trust delegates."""
    found = await roles.list_roles_by_id(call.tx, (await _get(call)).role_ids)
    return page(call, "roles", [render_granted_role(call, role) for role in found])


async def show_trust_role(call: Call[None]) -> dict[str, Any] | Reply:
    """One role that a trust delegates."""
    found: list[Role] = await roles.list_roles_by_id(call.tx, (await _get(call)).role_ids)
    for role in found:
        if role.id == call.path["role_id"]:
            return {"role": render_granted_role(call, role)}
    raise NotFound(f"cannot find the role '{call.path['role_id']}' in this trust")
