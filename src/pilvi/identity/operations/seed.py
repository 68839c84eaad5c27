"""The first contents of identity. In the caller's transaction."""

import uuid
from collections.abc import Mapping

from pilvi.core.db import Transaction
from pilvi.identity.model.identity import (
    DEFAULT_DOMAIN_ID,
    IMPLIED_ROLES,
    ROLE_NAMES,
    Actor,
    Assignment,
    Domain,
    Role,
    RoleId,
)
from pilvi.identity.operations.assignments import SYSTEM_ID
from pilvi.identity.operations.catalog import ensure_catalog
from pilvi.identity.operations.projects import create_project
from pilvi.identity.operations.users import create_user
from pilvi.identity.store import assignments, projects, roles, users


async def is_seeded(tx: Transaction) -> bool:
    """Whether this cloud has had its first contents."""
    return bool(await projects.list_domains(tx))


async def seed_identity(
    tx: Transaction, admin_hash: str, demo_hash: str, region: str = "RegionOne"
) -> dict[str, str]:
    """The first domain, roles, projects, users and catalog; returns project ids by name."""
    await projects.insert_domain(tx, Domain(DEFAULT_DOMAIN_ID, "Default", "", True))
    role_ids = {name: uuid.uuid4().hex for name in ROLE_NAMES}
    for name, id in role_ids.items():
        await roles.insert_role(tx, Role(RoleId(id), name, ""))
    for prior, implied in IMPLIED_ROLES.items():
        await roles.insert_inference(tx, role_ids[prior], role_ids[implied])
    made = {name: await create_project(tx, name) for name in ("admin", "demo", "service")}
    admin = await create_user(tx, "admin", admin_hash, default_project_id=made["admin"].id)
    demo = await create_user(tx, "demo", demo_hash, default_project_id=made["demo"].id)
    for user_id, scope, scope_id, role in (
        (admin.id, "project", made["admin"].id, "admin"),
        (admin.id, "project", made["demo"].id, "admin"),
        (admin.id, "system", SYSTEM_ID, "admin"),
        (admin.id, "domain", DEFAULT_DOMAIN_ID, "admin"),
        (demo.id, "project", made["demo"].id, "member"),
    ):
        assigned = Assignment(Actor.USER, user_id, scope, scope_id, role_ids[role])
        await assignments.insert_assignment(tx, assigned)
    await ensure_catalog(tx, region)
    return {name: project.id for name, project in made.items()}


async def set_first_passwords(tx: Transaction, hashes: Mapping[str, str]) -> None:
    """Give the first users, admin and demo, passwords of this cloud's own."""
    for name, password_hash in hashes.items():
        user = await users.find_user(tx, name, DEFAULT_DOMAIN_ID)
        assert user is not None
        await users.update_user(tx, user.id, password_hash=password_hash)
