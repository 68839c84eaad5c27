"""Projects and domains: what admins do with them. In the caller's transaction."""

import dataclasses
import uuid
from typing import Any

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, Forbidden, InvalidRequest
from pilvi.identity.model.identity import DEFAULT_DOMAIN_ID, Domain, Project, ProjectId
from pilvi.identity.operations.immutability import check_mutable
from pilvi.identity.store import assignments, delegations, projects, roles, rows, users
from pilvi.identity.store.catalog_tables import endpoint_filters, limits
from pilvi.identity.store.credential_tables import credentials, oauth_tokens

# Projects one below the other, the topmost counted. Lower: real companies do not fit; higher: each
# creation writes more lineage.
DEPTH_MAX = 5


async def create_project(
    tx: Transaction, name: str, *, domain_id: str = DEFAULT_DOMAIN_ID, **values: Any
) -> Project:
    """A new project. Raises `Conflict` when the name is taken, `Forbidden` below a disabled one."""
    parent_id = values.pop("parent_id", None)
    if parent_id == domain_id:
        parent_id = None
    domain = await projects.get_domain(tx, domain_id)
    enabled = values.pop("enabled", True)
    if enabled and not domain.enabled:
        raise Forbidden(f"cannot make an enabled project in the disabled domain '{domain_id}'")
    if parent_id is not None:
        await _check_parent(tx, parent_id, domain_id, enabled)
    if await projects.find_project(tx, name, domain_id):
        raise Conflict(f"cannot name the project '{name}': the name is taken in its domain")
    project = Project(
        id=ProjectId(uuid.uuid4().hex),
        domain_id=domain_id,
        name=name,
        description=values.pop("description", None) or "",
        enabled=enabled,
        epoch=0,
        parent_id=parent_id,
        **values,
    )
    await projects.insert_project(tx, project)
    return project


async def _check_parent(tx: Transaction, id: str, domain_id: str, enabled: bool) -> None:
    parent = await projects.get_project(tx, id)
    if parent.domain_id != domain_id:
        raise InvalidRequest("cannot put a project below one of another domain")
    if enabled and not parent.enabled:
        raise Forbidden(
            f"cannot make an enabled project below the disabled project '{id}'; enable that first"
        )
    # The domain is among what is above the parent, so its place counts as the new project's.
    if len(await projects.list_ancestor_ids(tx, id)) + 1 > DEPTH_MAX:
        raise Forbidden(f"cannot make a project more than {DEPTH_MAX} projects deep")


async def update_project(tx: Transaction, id: str, **values: Any) -> Project:
    """Change a project; disabling it ends every token scoped to it."""
    project = await projects.get_project(tx, id)
    check_mutable("project", project.options, values)
    name = values.get("name", project.name)
    if name != project.name and await projects.find_project(tx, name, project.domain_id):
        raise Conflict(f"cannot name the project '{name}': the name is taken in its domain")
    below = await projects.list_descendants(tx, id)
    if values.get("enabled") is False:
        if any(child.enabled for child in below):
            raise Forbidden(
                "cannot disable a project with enabled projects below it; disable those first"
            )
        values["epoch"] = project.epoch + 1
    if values.get("enabled") and project.parent_id is not None:
        parent = await projects.get_project(tx, project.parent_id)
        if not parent.enabled:
            raise Forbidden("cannot enable a project below a disabled one; enable that first")
    if values:
        await projects.update_project(tx, project.id, **values)
    return await projects.get_project(tx, id)


async def delete_project(tx: Transaction, id: str) -> None:
    """Remove a project, the roles in it, and what was delegated or limited in it."""
    project = await projects.get_project(tx, id)
    check_mutable("project", project.options, None)
    if await projects.list_descendants(tx, id):
        raise Forbidden("cannot delete a project with projects below it; delete those first")
    await _remove_project(tx, project)


async def _remove_project(tx: Transaction, project: Project) -> None:
    await assignments.delete_assignments(tx, scope="project", scope_id=project.id)
    await delegations.delete_application_credentials(tx, project_id=project.id)
    await delegations.delete_trusts(tx, project_id=project.id)
    for table in (credentials, limits, endpoint_filters, oauth_tokens):
        await rows.delete_rows(tx, table, project_id=project.id)
    await projects.delete_project(tx, project.id)


async def create_domain(tx: Transaction, name: str, **values: Any) -> Domain:
    """A new domain. Raises `Conflict` when its name or id is taken."""
    if await projects.find_domain(tx, name):
        raise Conflict(f"cannot name the domain '{name}': the name is taken")
    id = values.pop("id", None) or uuid.uuid4().hex
    if any(domain.id == id for domain in await projects.list_domains(tx)):
        raise Conflict(f"cannot make the domain '{id}': the id is taken")
    description = values.pop("description", None) or ""
    enabled = values.pop("enabled", True)
    domain = Domain(id=id, name=name, description=description, enabled=enabled, **values)
    await projects.insert_domain(tx, domain)
    return domain


async def update_domain(tx: Transaction, id: str, **values: Any) -> Domain:
    """Change a domain; disabling it ends every token of its users and of its projects."""
    domain = await projects.get_domain(tx, id)
    check_mutable("domain", domain.options, values)
    other = await projects.find_domain(tx, values["name"]) if "name" in values else None
    if other is not None and other.id != id:
        raise Conflict(f"cannot name the domain '{other.name}': the name is taken")
    if values.get("enabled") is False:
        await projects.end_tokens_of_domain(tx, id)
    if values:
        await projects.update_domain(tx, id, **values)
    return await projects.get_domain(tx, id)


async def delete_domain(tx: Transaction, id: str) -> None:
    """Remove a disabled domain with everything in it."""
    domain = await projects.get_domain(tx, id)
    check_mutable("domain", domain.options, None)
    if domain.enabled:
        raise Forbidden("cannot delete a domain that is enabled; disable it first")
    if id == DEFAULT_DOMAIN_ID:
        raise Forbidden("cannot delete the default domain")
    for project in await projects.list_descendants(tx, id):
        await _remove_project(tx, project)
    for kind, actor in (("users", "user"), ("groups", "group")):
        for actor_id in await projects.list_ids_in_domain(tx, kind, id):
            await assignments.delete_assignments(tx, actor=actor, actor_id=actor_id)
            if actor == "user":
                await users.delete_user(tx, (await users.get_user(tx, actor_id)).id)
            else:
                await users.delete_group(tx, actor_id)
    for role_id in await projects.list_ids_in_domain(tx, "roles", id):
        await assignments.delete_assignments(tx, role_id=role_id)
        await roles.delete_role(tx, role_id)
    await assignments.delete_assignments(tx, scope="domain", scope_id=id)
    await rows.delete_rows(tx, limits, domain_id=id)
    await projects.delete_domain(tx, id)


async def get_domain(tx: Transaction, id: str) -> Domain:
    """One domain. Raises `NotFound`."""
    return await projects.get_domain(tx, id)


def as_project(domain: Domain) -> Project:
    """A domain as the project that it also is. Pure."""
    values = {field.name: getattr(domain, field.name) for field in dataclasses.fields(domain)}
    return Project(**values, domain_id=domain.id)
