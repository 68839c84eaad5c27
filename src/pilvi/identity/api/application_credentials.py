"""Application credentials and their access rules."""

import secrets
import uuid
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.core.http import Call
from pilvi.core.http.access import AccessRule
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.identity.api.reach import check_self
from pilvi.identity.api.wire import Id, Name, Text, link, page, parse_moment, print_moment
from pilvi.identity.model.delegation import ApplicationCredential
from pilvi.identity.operations import application_credentials as operations
from pilvi.identity.operations.keys import Passwords
from pilvi.identity.store import delegations, roles

METHODS = Literal["POST", "GET", "HEAD", "PATCH", "PUT", "DELETE"]


class RoleRef(msgspec.Struct, forbid_unknown_fields=True):
    """A role by id or name."""

    id: Id | None = None
    name: Name | None = None


class RuleRef(msgspec.Struct, forbid_unknown_fields=True):
    """An access rule, whole or by the id of one that there is."""

    id: Id | None = None
    service: Id | None = None
    method: METHODS | None = None
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern="^/")] | None = None


class ApplicationCredentialFields(msgspec.Struct, forbid_unknown_fields=True):
    """What an application credential is made of."""

    name: Name
    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] | None = None
    description: Text | None = None
    secret: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None
    expires_at: str | None = None
    roles: Annotated[list[RoleRef], msgspec.Meta(max_length=100)] | None = None
    access_rules: Annotated[list[RuleRef], msgspec.Meta(max_length=100)] | None = None
    unrestricted: bool | None = None
    project_id: Id | None = None


class ApplicationCredentialBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/users/{id}/application_credentials."""

    application_credential: ApplicationCredentialFields


async def _render(call: Call[Any], tx: Transaction, made: ApplicationCredential) -> dict[str, Any]:
    found = await roles.list_roles_by_id(tx, made.role_ids)
    rules = {row.id: row for row in await operations.list_access_rules(tx, made.user_id)}
    return {
        "id": made.id,
        "name": made.name,
        "description": made.description,
        "project_id": made.project_id,
        "system": None,
        "roles": [{"id": r.id, "name": r.name, "domain_id": r.domain_id or None} for r in found],
        "access_rules": [_render_rule(rules[id]) for id in made.access_rule_ids if id in rules],
        "expires_at": print_moment(made.expires_at, zone=False),
        "unrestricted": made.unrestricted,
        "links": link(call, f"users/{made.user_id}/application_credentials/{made.id}"),
    }


def _render_rule(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.id, "service": row.service, "method": row.method, "path": row.path}


async def list_application_credentials(call: Call[None]) -> dict[str, Any]:
    """A user's application credentials, without their secrets."""
    user_id = _check(call)
    equal = {name: call.query[name] for name in ("name", "project_id") if name in call.query}
    found = await delegations.list_application_credentials(call.tx, user_id=user_id, **equal)
    return page(
        call, "application_credentials", [await _render(call, call.tx, one) for one in found]
    )


def _check(call: Call[Any]) -> str:
    """The path's user, who must be the caller or within its reach."""
    check_self(call, call.path["user_id"])
    return call.path["user_id"]


async def show_application_credential(call: Call[None]) -> dict[str, Any]:
    """One application credential, without its secret."""
    id = call.path["application_credential_id"]
    made = await delegations.get_application_credential(call.tx, _check(call), id)
    return {"application_credential": await _render(call, call.tx, made)}


async def create_application_credential(
    call: Call[ApplicationCredentialBody],
) -> dict[str, Any]:
    """A new application credential of one's own; only this reply tells the secret."""
    fields, caller = call.payload.application_credential, call.caller
    if call.path["user_id"] != caller.user_id:
        raise Forbidden("cannot make an application credential for another user")
    if fields.project_id not in (None, caller.project_id):
        raise Forbidden("cannot make an application credential outside of your token's project")
    rules = [_read_rule(rule) for rule in fields.access_rules or []]
    secret = fields.secret or secrets.token_urlsafe(64)
    hashed = await call.part(Passwords).hash_in_turn(secret)
    wanted = None if fields.roles is None else [(role.id, role.name) for role in fields.roles]
    async with call.db.write() as tx:
        made = ApplicationCredential(
            id=fields.id or uuid.uuid4().hex,
            user_id=caller.user_id,
            project_id=caller.own_project_id,
            name=fields.name,
            description=fields.description,
            secret_hash=hashed,
            role_ids=await operations.choose_roles(tx, caller, wanted),
            access_rule_ids=[],
            unrestricted=fields.unrestricted or False,
            expires_at=parse_moment(fields.expires_at),
        )
        made = await operations.create_application_credential(tx, caller, made, rules)
        shown = await _render(call, tx, made)
    return {"application_credential": {**shown, "secret": secret}}


def _read_rule(rule: RuleRef) -> AccessRule | str:
    if rule.id is not None:
        return rule.id
    if rule.service is None or rule.method is None or rule.path is None:
        raise InvalidRequest("cannot make an access rule without service, method and path")
    return AccessRule(rule.service, rule.method, rule.path)


async def delete_application_credential(call: Call[None]) -> None:
    """Remove an application credential; its tokens end at once."""
    user_id, id = _check_writer(call), call.path["application_credential_id"]
    await operations.delete_application_credential(call.tx, call.caller, user_id, id)


def _check_writer(call: Call[Any]) -> str:
    user_id = _check(call)
    if user_id != call.caller.user_id and not call.caller.is_admin:
        raise Forbidden("cannot change what belongs to another user")
    return user_id


def _render_linked(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    return {**_render_rule(row), "links": link(call, f"access_rules/{row.id}")}


async def list_access_rules(call: Call[None]) -> dict[str, Any]:
    """A user's access rules."""
    user_id = _check(call)
    names = ("service", "method", "path")
    equal = {name: call.query[name] for name in names if name in call.query}
    found = await operations.list_access_rules(call.tx, user_id, **equal)
    return page(call, "access_rules", [_render_linked(call, row) for row in found])


async def show_access_rule(call: Call[None]) -> dict[str, Any]:
    """One access rule."""
    id = call.path["access_rule_id"]
    row = await operations.get_access_rule(call.tx, _check(call), id)
    return {"access_rule": _render_linked(call, row)}


async def delete_access_rule(call: Call[None]) -> None:
    """Remove an access rule that no application credential uses."""
    if call.caller.delegation_id is not None:
        await operations.find_unrestricted(call.tx, call.caller)
    id = call.path["access_rule_id"]
    await operations.delete_access_rule(call.tx, _check_writer(call), id)
