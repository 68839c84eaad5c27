"""Rows of projects and domains."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Domain, Project, ProjectId, UserId
from pilvi.identity.store.tables import domains, grants, projects


def _project(row: Row[Any]) -> Project:
    return Project(
        id=ProjectId(row.id),
        domain_id=row.domain_id,
        name=row.name,
        description=row.description,
        enabled=row.enabled,
        epoch=row.epoch,
        tags=row.tags,
    )


async def insert_project(tx: Transaction, project: Project) -> None:
    """Add a project. Raises `Conflict` when its name is taken in the domain."""
    values = {name: getattr(project, name) for name in project.__slots__}
    await tx.run(insert(projects).values(**values))


async def get_project(tx: Transaction, id: str) -> Project:
    """One project. Raises `NotFound`."""
    row = await tx.first(select(projects).where(projects.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the project '{id}'")
    return _project(row)


async def find_project(tx: Transaction, name: str, domain_id: str) -> Project | None:
    """The project of that name in a domain, or None."""
    found = (projects.c.name == name) & (projects.c.domain_id == domain_id)
    row = await tx.first(select(projects).where(found))
    return None if row is None else _project(row)


async def list_projects(tx: Transaction, **equal: Any) -> list[Project]:
    """The projects whose columns have the given values, by name."""
    query = select(projects).order_by(projects.c.name)
    for name, value in equal.items():
        query = query.where(projects.c[name] == value)
    return [_project(row) for row in await tx.all(query)]


async def list_projects_of_user(tx: Transaction, user_id: UserId) -> list[Project]:
    """The projects in which a user has a role, by name."""
    mine = select(grants.c.scope_id).where(grants.c.user_id == user_id, grants.c.scope == "project")
    query = select(projects).where(projects.c.id.in_(mine)).order_by(projects.c.name)
    return [_project(row) for row in await tx.all(query)]


async def update_project(tx: Transaction, id: ProjectId, **values: Any) -> None:
    """Change columns of a project."""
    await tx.run(update(projects).where(projects.c.id == id).values(**values))


async def delete_project(tx: Transaction, id: ProjectId) -> None:
    """Remove a project and every role granted in it."""
    await tx.run(delete(grants).where(grants.c.scope == "project", grants.c.scope_id == id))
    await tx.run(delete(projects).where(projects.c.id == id))


async def insert_domain(tx: Transaction, domain: Domain) -> None:
    """Add a domain."""
    values = {name: getattr(domain, name) for name in domain.__slots__}
    await tx.run(insert(domains).values(**values))


async def list_domains(tx: Transaction) -> list[Domain]:
    """Every domain, by name."""
    rows = await tx.all(select(domains).order_by(domains.c.name))
    return [Domain(row.id, row.name, row.description, row.enabled) for row in rows]
