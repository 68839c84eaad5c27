"""Rows of projects, their lineage, and domains."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    insert,
    not_,
    or_,
    select,
    update,
)

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Domain, Project, ProjectId
from pilvi.identity.store.rows import Wanted, list_page
from pilvi.identity.store.tables import domains, groups, lineage, projects, roles, users

_BY_ID = Prepared(select(projects).where(projects.c.id == bindparam("of_id")))
_BY_NAME = Prepared(
    select(projects).where(
        projects.c.name == bindparam("of_name"), projects.c.domain_id == bindparam("of_domain")
    )
)


def _project(row: Row[Any]) -> Project:
    return Project(**{name: getattr(row, name) for name in Project.__slots__})


def _domain(row: Row[Any]) -> Domain:
    return Domain(**{name: getattr(row, name) for name in Domain.__slots__})


async def insert_project(tx: Transaction, project: Project) -> None:
    """Add a project and its lineage. Raises `Conflict` when its name is taken in the domain."""
    values = {name: getattr(project, name) for name in project.__slots__}
    await tx.run(insert(projects).values(**values))
    above = {project.domain_id}
    if project.parent_id is not None:
        above |= {project.parent_id, *await list_ancestor_ids(tx, project.parent_id)}
    rows = [{"project_id": project.id, "ancestor_id": id} for id in sorted(above)]
    await tx.run(insert(lineage), rows)


async def list_ancestor_ids(tx: Transaction, id: str) -> list[str]:
    """Everything above a project: projects, and the domain."""
    query = select(lineage.c.ancestor_id).where(lineage.c.project_id == id)
    return [row.ancestor_id for row in await tx.all(query)]


async def list_descendants(tx: Transaction, id: str) -> list[Project]:
    """Every project below a project or domain, by name."""
    below = select(lineage.c.project_id).where(lineage.c.ancestor_id == id)
    query = select(projects).where(projects.c.id.in_(below)).order_by(projects.c.name)
    return [_project(row) for row in await tx.all(query)]


async def get_project(tx: Transaction, id: str) -> Project:
    """One project. Raises `NotFound`."""
    row = await tx.first(_BY_ID, {"of_id": id})
    if row is None:
        raise NotFound(f"cannot find the project '{id}'")
    return _project(row)


async def find_project(tx: Transaction, name: str, domain_id: str) -> Project | None:
    """The project of that name in a domain, or None."""
    row = await tx.first(_BY_NAME, {"of_name": name, "of_domain": domain_id})
    return None if row is None else _project(row)


async def list_projects(tx: Transaction, **equal: Any) -> list[Project]:
    """The projects whose columns have the given values, by name."""
    query = select(projects).order_by(projects.c.name)
    for name, value in equal.items():
        query = query.where(projects.c[name] == value)
    return [_project(row) for row in await tx.all(query)]


async def list_project_page(
    tx: Transaction, wanted: Wanted, tags: Sequence[tuple[str, Sequence[str]]] = ()
) -> tuple[list[Project], bool]:
    """One page of projects, and whether more follow.

    `tags` are pairs of `tags`, `tags-any`, `not-tags` or `not-tags-any`, and tags.
    """
    conditions = [_match_tags(kind, names) for kind, names in tags]
    rows, more = await list_page(tx, projects, wanted, *conditions)
    return [_project(row) for row in rows], more


def _match_tags(kind: str, names: Sequence[str]) -> ColumnElement[bool]:
    has = [_has_tag(name) for name in names]
    found = or_(*has) if kind.endswith("-any") else and_(*has)
    return not_(found) if kind.startswith("not-") else found


async def list_projects_by_id(tx: Transaction, ids: Sequence[str]) -> list[Project]:
    """The projects of some ids, by name."""
    query = select(projects).where(projects.c.id.in_(ids)).order_by(projects.c.name)
    return [_project(row) for row in await tx.all(query)]


async def update_project(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a project."""
    await tx.run(update(projects).where(projects.c.id == id).values(**values))


async def delete_project(tx: Transaction, id: ProjectId) -> None:
    """Remove a project."""
    await tx.run(delete(projects).where(projects.c.id == id))


async def end_tokens_of_domain(tx: Transaction, id: str) -> None:
    """Raise the epoch of every user and project of a domain, and its own."""
    for table, column in ((users, "domain_id"), (projects, "domain_id"), (domains, "id")):
        mine = table.c[column] == id
        await tx.run(update(table).where(mine).values(epoch=table.c.epoch + 1))


def _has_tag(tag: str) -> ColumnElement[bool]:
    """The condition that a project has a tag; tags are kept as a JSON list of texts."""
    quoted = msgspec.json.encode(tag).decode()
    return cast(projects.c.tags, Text).contains(quoted, autoescape=True)


async def insert_domain(tx: Transaction, domain: Domain) -> None:
    """Add a domain. Raises `Conflict` when its name is taken."""
    values = {name: getattr(domain, name) for name in domain.__slots__}
    await tx.run(insert(domains).values(**values))


_DOMAIN = Prepared(select(domains).where(domains.c.id == bindparam("of_id")))


async def get_domain(tx: Transaction, id: str) -> Domain:
    """One domain. Raises `NotFound`."""
    row = await tx.first(_DOMAIN, {"of_id": id})
    if row is None:
        raise NotFound(f"cannot find the domain '{id}'")
    return _domain(row)


async def find_domain(tx: Transaction, name: str) -> Domain | None:
    """The domain of that name, or None."""
    row = await tx.first(select(domains).where(domains.c.name == name))
    return None if row is None else _domain(row)


async def find_domain_by_id(tx: Transaction, id: str) -> Domain | None:
    """The domain of that id, or None."""
    row = await tx.first(select(domains).where(domains.c.id == id))
    return None if row is None else _domain(row)


async def list_domains(tx: Transaction) -> list[Domain]:
    """Every domain, by name."""
    return [_domain(row) for row in await tx.all(select(domains).order_by(domains.c.name))]


async def list_domain_page(tx: Transaction, wanted: Wanted) -> tuple[list[Domain], bool]:
    """One page of domains, and whether more follow."""
    rows, more = await list_page(tx, domains, wanted)
    return [_domain(row) for row in rows], more


async def update_domain(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a domain."""
    await tx.run(update(domains).where(domains.c.id == id).values(**values))


async def delete_domain(tx: Transaction, id: str) -> None:
    """Remove a domain that holds nothing any more."""
    await tx.run(delete(domains).where(domains.c.id == id))


async def list_ids_in_domain(tx: Transaction, kind: str, domain_id: str) -> list[str]:
    """Ids of the users, groups, projects or roles of a domain."""
    table = {"users": users, "groups": groups, "projects": projects, "roles": roles}[kind]
    rows = await tx.all(select(table.c.id).where(table.c.domain_id == domain_id))
    return [row.id for row in rows]
