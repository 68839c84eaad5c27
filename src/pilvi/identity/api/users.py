"""Users."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, Unauthenticated
from pilvi.identity.api.projects import render_project
from pilvi.identity.api.reach import (
    check_domain,
    check_managed_user,
    check_own_domain,
    check_owner,
    check_self,
    find_domain_limit,
)
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
from pilvi.identity.model.identity import Group, User
from pilvi.identity.operations import tokens
from pilvi.identity.operations import users as operations
from pilvi.identity.operations.assignments import list_scope_ids
from pilvi.identity.operations.keys import Passwords
from pilvi.identity.store import projects, users
from pilvi.identity.store.rows import Wanted

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class UserOptions(msgspec.Struct, forbid_unknown_fields=True):
    """What can be switched for a user; null takes an option away."""

    ignore_change_password_upon_first_use: bool | None | Unset = UNSET
    ignore_password_expiry: bool | None | Unset = UNSET
    ignore_lockout_failure_attempts: bool | None | Unset = UNSET
    ignore_user_inactivity: bool | None | Unset = UNSET
    lock_password: bool | None | Unset = UNSET
    multi_factor_auth_enabled: bool | None | Unset = UNSET
    multi_factor_auth_rules: list[list[str]] | None | Unset = UNSET


class UserFields(msgspec.Struct):
    """What a user is made of."""

    name: Name | Unset = UNSET
    password: Password | None | Unset = UNSET
    domain_id: Id | None | Unset = UNSET
    description: Text | None | Unset = UNSET
    email: Annotated[str, msgspec.Meta(max_length=255)] | None | Unset = UNSET
    enabled: bool | Unset = UNSET
    default_project_id: Id | None | Unset = UNSET
    options: UserOptions | Unset = UNSET
    federated: list[Any] | Unset = UNSET


class UserBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/users."""

    user: Free


class PasswordFields(msgspec.Struct, forbid_unknown_fields=True):
    """The old and the new password."""

    original_password: Password
    password: Password


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/users/{id}/password."""

    user: PasswordFields


def render_user(call: Call[Any], user: User) -> dict[str, Any]:
    """A user as the API shows it."""
    body = {
        **user.extra,
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "description": user.description,
        "email": user.email,
        "enabled": user.enabled,
        "password_expires_at": None,
        "options": user.options,
        "links": link(call, f"users/{user.id}"),
    }
    if user.default_project_id is not None:
        body["default_project_id"] = user.default_project_id
    return body


def render_group(call: Call[Any], group: Group) -> dict[str, Any]:
    """A group as the API shows it."""
    return {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": link(call, f"groups/{group.id}"),
    }


async def list_users(call: Call[None]) -> dict[str, Any]:
    """The users; a domain's reader sees those of the domain."""
    wanted = limit_to_domain(
        call, read_wanted(call, "name", "domain_id", flags=["enabled"], paged=True)
    )
    found, more = await users.list_user_page(call.tx, wanted)
    return page(call, "users", [render_user(call, user) for user in found], more)


def limit_to_domain(call: Call[Any], wanted: Wanted) -> Wanted:
    """A list narrowed to what the caller reaches."""
    limit = find_domain_limit(call)
    if limit is None:
        return wanted
    equal = dict(wanted.equal)
    if equal.setdefault("domain_id", limit) != limit:
        equal["domain_id"] = ""
    return Wanted(equal, wanted.like, wanted.page)


async def show_user(call: Call[None]) -> dict[str, Any]:
    """One user: oneself, or any within reach."""
    return {"user": render_user(call, await _get_visible(call))}


async def _get_visible(call: Call[Any]) -> User:
    id = call.path["user_id"]
    found = await users.list_users(call.tx, id=id)
    check_self(call, id, found[0].domain_id if found else None)
    return await users.get_user(call.tx, id)


async def create_user(call: Call[UserBody]) -> dict[str, Any]:
    """A new user."""
    fields, extra = read_fields(call.payload.user, UserFields)
    name = require(fields.name, "user")
    _refuse_federated(fields)
    domain_id = fields.domain_id or call.caller.domain_id or call.caller.user_domain_id
    check_own_domain(call, domain_id)
    hashed = await call.part(Passwords).hash_in_turn(fields.password) if fields.password else None
    given = set_fields(fields, "description", "email", "enabled", "default_project_id")
    options = merge_options({}, _read_options(fields))
    async with call.db.write() as tx:
        user = await operations.create_user(
            tx, name, hashed, domain_id=domain_id, options=options, extra=extra, **given
        )
    return {"user": render_user(call, user)}


def _refuse_federated(fields: UserFields) -> None:
    if fields.federated:
        raise InvalidRequest("cannot make a federated user: this cloud has no identity providers")


def _read_options(fields: UserFields) -> Free:
    return {} if fields.options is UNSET else set_fields(fields.options)


async def update_user(call: Call[UserBody]) -> dict[str, Any]:
    """Change a user; a new password or disabling ends its tokens."""
    id = call.path["user_id"]
    fields, extra = read_fields(call.payload.user, UserFields)
    _refuse_federated(fields)
    async with call.db.read() as tx:
        kept = await users.get_user(tx, id)
    check_domain(call, kept.domain_id, "user", id)
    if fields.domain_id not in (UNSET, kept.domain_id):
        raise InvalidRequest("cannot change the domain_id of a user")
    given = set_fields(fields, "name", "description", "email", "enabled", "default_project_id")
    if given.get("description", "") is None:
        given["description"] = ""
    if fields.password:
        given["password_hash"] = await call.part(Passwords).hash_in_turn(fields.password)
    elif fields.password is None:
        given["password_hash"] = None
    async with call.db.write() as tx:
        kept = await users.get_user(tx, id)
        await check_managed_user(call, tx, id)
        if fields.options is not UNSET:
            given["options"] = merge_options(kept.options, _read_options(fields))
        if extra:
            given["extra"] = merge_extra(kept.extra, extra)
        user = await operations.update_user(tx, id, **given)
    return {"user": render_user(call, user)}


async def delete_user(call: Call[None]) -> None:
    """Remove a user."""
    id = call.path["user_id"]
    check_domain(call, (await users.get_user(call.tx, id)).domain_id, "user", id)
    await check_managed_user(call, call.tx, id)
    await operations.delete_user(call.tx, id, call.caller.user_id)


async def change_password(call: Call[PasswordChange]) -> None:
    """Change one's password by giving the old one; every token of the user ends."""
    passwords, fields = call.part(Passwords), call.payload.user
    async with call.db.read() as tx:
        found = await users.list_users(tx, id=call.path["user_id"])
    known = found[0].password_hash if found and found[0].enabled else None
    if not await passwords.verify(known, fields.original_password):
        raise Unauthenticated("cannot change the password: the old one is wrong")
    if found[0].options.get("lock_password"):
        raise InvalidRequest("cannot change this password: an admin has locked it")
    hashed = await passwords.hash_in_turn(fields.password)
    async with call.db.write() as tx:
        await operations.update_user(tx, found[0].id, password_hash=hashed)


async def list_user_projects(call: Call[None]) -> dict[str, Any]:
    """The projects in which a user has a role: one's own, or anybody's within reach."""
    user = await _get_visible(call)
    ids = await list_scope_ids(call.tx, user.id, "project")
    mine = await projects.list_projects_by_id(call.tx, ids)
    wanted = read_wanted(call, "name", "domain_id", flags=["enabled"]).equal
    shown = [one for one in mine if all(getattr(one, n) == v for n, v in wanted.items())]
    return page(call, "projects", [render_project(call, project) for project in shown])


async def list_user_groups(call: Call[None]) -> dict[str, Any]:
    """The groups of a user: one's own, or anybody's within reach."""
    user = await _get_visible(call)
    found = await users.list_groups_of_user(call.tx, user.id, read_wanted(call, "name"))
    shown = [{**render_group(call, group), "membership_expires_at": None} for group in found]
    return page(call, "groups", shown)


async def revoke_user_tokens(call: Call[None]) -> None:
    """End every token of a user: one's own, or anybody's as an admin."""
    check_owner(call, call.path["user_id"])
    await tokens.revoke_tokens_of_user(call.tx, call.path["user_id"])
