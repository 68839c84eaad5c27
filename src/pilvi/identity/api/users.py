"""Users."""

from typing import Annotated, Any

import msgspec

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound, Unauthenticated
from pilvi.identity.api.projects import page, set_fields
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, User
from pilvi.identity.operations import projects as operations
from pilvi.identity.operations.keys import Passwords
from pilvi.identity.store import users

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class UserFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a user is made of."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    password: Password | None | msgspec.UnsetType = msgspec.UNSET
    domain_id: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    email: str | None | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    default_project_id: str | None | msgspec.UnsetType = msgspec.UNSET
    options: dict[str, Any] = {}


class UserCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/users."""

    user: UserFields


class PasswordFields(msgspec.Struct, forbid_unknown_fields=True):
    """The old and the new password."""

    original_password: Password
    password: Password


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v3/users/{id}/password."""

    user: PasswordFields


def _render(call: Call[Any], user: User) -> dict[str, Any]:
    body = {
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "description": user.description,
        "email": user.email,
        "enabled": user.enabled,
        "password_expires_at": None,
        "options": {},
        "links": {"self": f"{call.service_url}/users/{user.id}"},
    }
    if user.default_project_id is not None:
        body["default_project_id"] = user.default_project_id
    return body


async def list_users(call: Call[None]) -> dict[str, Any]:
    """The users; oneself, or all for admins."""
    equal: dict[str, Any] = {
        name: call.query[name] for name in ("name", "domain_id") if name in call.query
    }
    if not call.caller.is_admin:
        equal["id"] = call.caller.user_id
    found = await users.list_users(call.tx, **equal)
    return page(call, "users", [_render(call, user) for user in found])


async def show_user(call: Call[None]) -> dict[str, Any]:
    """One user; another does not exist for non-admins."""
    id = call.path["user_id"]
    if not call.caller.is_admin and id != call.caller.user_id:
        raise NotFound(f"cannot find the user '{id}'")
    return {"user": _render(call, await users.get_user(call.tx, id))}


async def create_user(call: Call[UserCreate]) -> dict[str, Any]:
    """A new user."""
    fields = call.payload.user
    if fields.name is msgspec.UNSET:
        raise InvalidRequest("cannot create a user without a name")
    hashed = await call.part(Passwords).hash_in_turn(fields.password) if fields.password else None
    given = set_fields(fields, "description", "email", "enabled", "default_project_id")
    domain_id = fields.domain_id or DEFAULT_DOMAIN_ID
    async with call.db.write() as tx:
        user = await operations.create_user(tx, fields.name, hashed, domain_id=domain_id, **given)
    return {"user": _render(call, user)}


async def update_user(call: Call[UserCreate]) -> dict[str, Any]:
    """Change a user."""
    fields = call.payload.user
    given = set_fields(fields, "name", "description", "email", "enabled", "default_project_id")
    if fields.password:
        given["password_hash"] = await call.part(Passwords).hash_in_turn(fields.password)
    async with call.db.write() as tx:
        user = await operations.update_user(tx, call.path["user_id"], **given)
    return {"user": _render(call, user)}


async def delete_user(call: Call[None]) -> None:
    """Remove a user."""
    await operations.delete_user(call.tx, call.path["user_id"], call.caller.user_id)


async def change_password(call: Call[PasswordChange]) -> None:
    """Change one's password by giving the old one; every token of the user ends."""
    passwords, fields = call.part(Passwords), call.payload.user
    async with call.db.read() as tx:
        found = await users.list_users(tx, id=call.path["user_id"])
    known = found[0].password_hash if found and found[0].enabled else None
    if not await passwords.verify(known, fields.original_password):
        raise Unauthenticated("cannot change the password: the old one is wrong")
    hashed = await passwords.hash_in_turn(fields.password)
    async with call.db.write() as tx:
        await operations.update_user(tx, found[0].id, password_hash=hashed)
