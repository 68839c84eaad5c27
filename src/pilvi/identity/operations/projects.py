"""Projects, users and roles: what admins do with them. In the caller's transaction."""

import uuid
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, NotFound
from pilvi.identity.model.identity import (
    DEFAULT_DOMAIN_ID,
    ROLE_NAMES,
    Domain,
    Project,
    ProjectId,
    Role,
    RoleId,
    User,
    UserId,
)
from pilvi.identity.model.token import ScopeKind
from pilvi.identity.operations.tokens import SYSTEM_ID
from pilvi.identity.store import projects, users


async def create_project(
    tx: Transaction,
    name: str,
    *,
    domain_id: str = DEFAULT_DOMAIN_ID,
    description: str = "",
    enabled: bool = True,
    tags: list[str] | None = None,
) -> Project:
    """A new project. Raises `Conflict` when the name is taken."""
    if await projects.find_project(tx, name, domain_id):
        raise Conflict(f"cannot name the project '{name}': the name is taken in its domain")
    await get_domain(tx, domain_id)
    id = ProjectId(uuid.uuid4().hex)
    project = Project(id, domain_id, name, description, enabled, 0, tags or [])
    await projects.insert_project(tx, project)
    return project


async def update_project(tx: Transaction, id: str, **values: Any) -> Project:
    """Change a project; disabling it ends every token scoped to it."""
    project = await projects.get_project(tx, id)
    if values.get("enabled") is False:
        values["epoch"] = project.epoch + 1
    if values:
        await projects.update_project(tx, project.id, **values)
    return await projects.get_project(tx, id)


async def delete_project(tx: Transaction, id: str) -> None:
    """Remove a project and the roles in it."""
    project = await projects.get_project(tx, id)
    await projects.delete_project(tx, project.id)


async def get_domain(tx: Transaction, id: str) -> Domain:
    """One domain. Raises `NotFound`."""
    for domain in await projects.list_domains(tx):
        if domain.id == id:
            return domain
    raise NotFound(f"cannot find the domain '{id}'")


async def create_user(
    tx: Transaction,
    name: str,
    password_hash: str | None,
    *,
    domain_id: str = DEFAULT_DOMAIN_ID,
    **values: Any,
) -> User:
    """A new user. Raises `Conflict` when the name is taken."""
    if await users.find_user(tx, name, domain_id):
        raise Conflict(f"cannot name the user '{name}': the name is taken in its domain")
    await get_domain(tx, domain_id)
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
    )
    await users.insert_user(tx, user)
    return user


async def update_user(tx: Transaction, id: str, **values: Any) -> User:
    """Change a user; a new password or disabling ends every token of the user."""
    user = await users.get_user(tx, id)
    if values.get("enabled") is False or "password_hash" in values:
        values["epoch"] = user.epoch + 1
    if values:
        await users.update_user(tx, user.id, **values)
    return await users.get_user(tx, id)


async def delete_user(tx: Transaction, id: str, caller_id: str) -> None:
    """Remove a user; nobody removes themselves."""
    user = await users.get_user(tx, id)
    if user.id == caller_id:
        raise Forbidden("cannot delete yourself; ask another admin")
    await users.delete_user(tx, user.id)


async def grant_role(tx: Transaction, user_id: str, project_id: str, role_id: str) -> None:
    """Give a user a role in a project. Repeatable. Raises `NotFound` for what is not there."""
    await users.get_user(tx, user_id)
    await projects.get_project(tx, project_id)
    await users.get_role(tx, role_id)
    await users.insert_grant(tx, user_id, ScopeKind.PROJECT, project_id, role_id)


async def revoke_role(tx: Transaction, user_id: str, project_id: str, role_id: str) -> None:
    """Take a role in a project away. Raises `NotFound` when the user does not have it."""
    if not await users.delete_grant(tx, user_id, ScopeKind.PROJECT, project_id, role_id):
        raise NotFound("cannot find this role assignment")


async def is_seeded(tx: Transaction) -> bool:
    """Whether this cloud has had its first contents."""
    return bool(await projects.list_domains(tx))


async def seed_identity(tx: Transaction, admin_hash: str, demo_hash: str) -> dict[str, str]:
    """The first domain, roles, projects and users of a cloud; returns project ids by name."""
    await projects.insert_domain(tx, Domain(DEFAULT_DOMAIN_ID, "Default", "", True))
    role_ids = {}
    for name in ROLE_NAMES:
        role_ids[name] = uuid.uuid4().hex
        await users.insert_role(tx, Role(RoleId(role_ids[name]), name, ""))
    made = {name: await create_project(tx, name) for name in ("admin", "demo", "service")}
    admin = await create_user(tx, "admin", admin_hash, default_project_id=made["admin"].id)
    demo = await create_user(tx, "demo", demo_hash, default_project_id=made["demo"].id)
    await grant_role(tx, admin.id, made["admin"].id, role_ids["admin"])
    await grant_role(tx, admin.id, made["demo"].id, role_ids["admin"])
    await users.insert_grant(tx, admin.id, ScopeKind.SYSTEM, SYSTEM_ID, role_ids["admin"])
    await users.insert_grant(tx, admin.id, ScopeKind.DOMAIN, DEFAULT_DOMAIN_ID, role_ids["admin"])
    await grant_role(tx, demo.id, made["demo"].id, role_ids["member"])
    return {name: project.id for name, project in made.items()}
