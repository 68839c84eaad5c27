"""Roles and what they bring."""

from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Id,
    Name,
    Text,
    Unset,
    link,
    merge_extra,
    merge_options,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
)
from pilvi.identity.model.identity import Role
from pilvi.identity.operations import roles as operations
from pilvi.identity.store import roles
from pilvi.identity.store.rows import Wanted


class RoleFields(msgspec.Struct):
    """What a role is made of."""

    name: Name | Unset = UNSET
    domain_id: Id | None | Unset = UNSET
    description: Text | None | Unset = UNSET
    options: Free | Unset = UNSET


class RoleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/roles."""

    role: Free


def render_role(call: Call[Any], role: Role) -> dict[str, Any]:
    """A role as the API shows it."""
    return {**role.extra, **render_granted_role(call, role)}


def render_granted_role(call: Call[Any], role: Role) -> dict[str, Any]:
    """A role where it is granted or delegated: without fields that clients gave it themselves."""
    return {
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description,
        "options": role.options,
        "links": link(call, f"roles/{role.id}"),
    }


async def list_roles(call: Call[None]) -> dict[str, Any]:
    """The roles of the cloud, or a domain's own when the query names one."""
    wanted = read_wanted(call, "name", "domain_id")
    equal = {"domain_id": "", **wanted.equal}
    found = await roles.list_roles(call.tx, Wanted(equal, wanted.like))
    return page(call, "roles", [render_role(call, role) for role in found])


async def show_role(call: Call[None]) -> dict[str, Any]:
    """One role."""
    return {"role": render_role(call, await roles.get_role(call.tx, call.path["role_id"]))}


async def create_role(call: Call[RoleBody]) -> dict[str, Any]:
    """A new role."""
    fields, extra = read_fields(call.payload.role, RoleFields)
    name = require(fields.name, "role")
    given = set_fields(fields, "description", "options")
    role = await operations.create_role(
        call.tx, name, domain_id=fields.domain_id or "", extra=extra, **given
    )
    return {"role": render_role(call, role)}


async def update_role(call: Call[RoleBody]) -> dict[str, Any]:
    """Change a role."""
    id = call.path["role_id"]
    kept = await roles.get_role(call.tx, id)
    fields, extra = read_fields(call.payload.role, RoleFields)
    if fields.domain_id is not UNSET and (fields.domain_id or "") != kept.domain_id:
        raise InvalidRequest("cannot change the domain_id of a role")
    values = set_fields(fields, "name", "description")
    if fields.options is not UNSET:
        values["options"] = merge_options(kept.options, fields.options)
    if extra:
        values["extra"] = merge_extra(kept.extra, extra)
    return {"role": render_role(call, await operations.update_role(call.tx, id, **values))}


async def delete_role(call: Call[None]) -> None:
    """Remove a role, wherever it is assigned."""
    await operations.delete_role(call.tx, call.path["role_id"])


def _brief(call: Call[Any], role: Role) -> dict[str, Any]:
    return {"id": role.id, "name": role.name, "links": link(call, f"roles/{role.id}")}


def _render_inference(call: Call[Any], prior: Role, implied: Role) -> dict[str, Any]:
    return {
        "role_inference": {"prior_role": _brief(call, prior), "implies": _brief(call, implied)},
        "links": link(call, f"roles/{prior.id}/implies/{implied.id}"),
    }


async def list_role_inferences(call: Call[None]) -> dict[str, Any]:
    """Every role that brings others, with those."""
    found = await operations.list_inferences(call.tx)
    return {
        "role_inferences": [
            {"prior_role": _brief(call, prior), "implies": [_brief(call, one) for one in implied]}
            for prior, implied in found
        ],
        "links": {"self": str(call.request.url), "next": None, "previous": None},
    }


async def list_implied_roles(call: Call[None]) -> dict[str, Any]:
    """The roles that one role brings directly."""
    id = call.path["prior_role_id"]
    ((prior, implied),) = await operations.list_inferences(call.tx, id)
    return {
        "role_inference": {
            "prior_role": _brief(call, prior),
            "implies": [_brief(call, one) for one in implied],
        },
        "links": link(call, f"roles/{id}/implies"),
    }


def _pair(call: Call[Any]) -> tuple[str, str]:
    return call.path["prior_role_id"], call.path["implied_role_id"]


async def show_implied_role(call: Call[None]) -> dict[str, Any] | Reply:
    """Whether a role brings another; HEAD has no body and so answers 204."""
    prior, implied = await operations.find_inference(call.tx, *_pair(call))
    if call.request.method == "HEAD":
        return Reply(None, 204)
    return _render_inference(call, prior, implied)


async def create_implied_role(call: Call[None]) -> dict[str, Any]:
    """Let a role bring another."""
    prior, implied = await operations.create_inference(call.tx, *_pair(call))
    return _render_inference(call, prior, implied)


async def delete_implied_role(call: Call[None]) -> None:
    """Let a role bring another no more."""
    await operations.delete_inference(call.tx, *_pair(call))
