"""Users and groups: what admins do with them. In the caller's transaction."""

import uuid
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, NotFound
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, Group, GroupId, User, UserId
from pilvi.identity.store import assignments, projects, users


async def create_user(
    tx: Transaction,
    name: str,
    password_hash: str | None,
    *,
    domain_id: str = DEFAULT_DOMAIN_ID,
    **values: Any,
) -> User:
    """A new user. Raises `Conflict` when the name is taken."""
    await projects.get_domain(tx, domain_id)
    if await users.find_user(tx, name, domain_id):
        raise Conflict(f"cannot name the user '{name}': the name is taken in its domain")
    user = User(
        id=UserId(uuid.uuid4().hex),
        domain_id=domain_id,
        name=name,
        description=values.get("description") or "",
        email=values.get("email"),
        enabled=values.get("enabled", True),
        default_project_id=values.get("default_project_id"),
        password_hash=password_hash,
        epoch=0,
        created_at=now(),
        options=values.get("options") or {},
        extra=values.get("extra") or {},
    )
    await users.insert_user(tx, user)
    return user


async def update_user(tx: Transaction, id: str, **values: Any) -> User:
    """Change a user; a new password or disabling ends every token of the user."""
    user = await users.get_user(tx, id)
    name = values.get("name", user.name)
    if name != user.name and await users.find_user(tx, name, user.domain_id):
        raise Conflict(f"cannot name the user '{name}': the name is taken in its domain")
    if values.get("enabled") is False or "password_hash" in values:
        values["epoch"] = user.epoch + 1
    if values:
        await users.update_user(tx, user.id, **values)
    return await users.get_user(tx, id)


async def delete_user(tx: Transaction, id: str, caller_id: str) -> None:
    """Remove a user with all it was assigned and delegated; nobody removes themselves."""
    user = await users.get_user(tx, id)
    if user.id == caller_id:
        raise Forbidden("cannot delete the user that you are; ask another admin")
    await assignments.delete_assignments(tx, actor="user", actor_id=user.id)
    await users.delete_user(tx, user.id)


async def create_group(
    tx: Transaction, name: str, *, domain_id: str = DEFAULT_DOMAIN_ID, **values: Any
) -> Group:
    """A new group. Raises `Conflict` when the name is taken."""
    await projects.get_domain(tx, domain_id)
    if await users.find_group(tx, name, domain_id):
        raise Conflict(f"cannot name the group '{name}': the name is taken in its domain")
    description = values.pop("description", None) or ""
    group = Group(GroupId(uuid.uuid4().hex), domain_id, name, description, **values)
    await users.insert_group(tx, group)
    return group


async def update_group(tx: Transaction, id: str, **values: Any) -> Group:
    """Change a group."""
    group = await users.get_group(tx, id)
    name = values.get("name", group.name)
    if name != group.name and await users.find_group(tx, name, group.domain_id):
        raise Conflict(f"cannot name the group '{name}': the name is taken in its domain")
    if values:
        await users.update_group(tx, id, **values)
    return await users.get_group(tx, id)


async def delete_group(tx: Transaction, id: str) -> None:
    """Remove a group and what it was assigned."""
    await users.get_group(tx, id)
    await assignments.delete_assignments(tx, actor="group", actor_id=id)
    await users.delete_group(tx, id)


async def add_group_user(tx: Transaction, group_id: str, user_id: str) -> None:
    """Make a user a member of a group. Repeatable."""
    await users.get_group(tx, group_id)
    await users.get_user(tx, user_id)
    await users.insert_membership(tx, user_id, group_id)


async def check_group_user(tx: Transaction, group_id: str, user_id: str) -> None:
    """Raise `NotFound` unless a user is a member of a group."""
    await users.get_group(tx, group_id)
    await users.get_user(tx, user_id)
    if not await users.is_member(tx, user_id, group_id):
        raise NotFound(f"cannot find the user '{user_id}' in the group '{group_id}'")


async def remove_group_user(tx: Transaction, group_id: str, user_id: str) -> None:
    """Take a user out of a group; what it had through the group ends at once."""
    await check_group_user(tx, group_id, user_id)
    await users.delete_membership(tx, user_id, group_id)


async def is_welcome(tx: Transaction, user_id: str, project_id: str) -> bool:
    """Whether a user and a project are there and, with their domains, enabled."""
    try:
        user = await users.get_user(tx, user_id)
        project = await projects.get_project(tx, project_id)
        domains = [await projects.get_domain(tx, one.domain_id) for one in (user, project)]
    except NotFound:
        return False
    return user.enabled and project.enabled and all(domain.enabled for domain in domains)
