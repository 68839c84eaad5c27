"""Endpoint groups, and what projects' catalogs are narrowed to. In the caller's transaction."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Project
from pilvi.identity.operations.catalog import get_endpoint, list_endpoints_of_group
from pilvi.identity.store import catalog, projects, rows
from pilvi.identity.store.catalog_tables import endpoint_groups
from pilvi.identity.store.rows import Wanted

ENDPOINT, GROUP = "endpoint", "group"


async def list_groups(tx: Transaction, wanted: Wanted) -> tuple[Sequence[Row[Any]], bool]:
    """One page of the endpoint groups, and whether more follow."""
    return await rows.list_page(tx, endpoint_groups, wanted)


async def get_group(tx: Transaction, id: str) -> Row[Any]:
    """One endpoint group. Raises `NotFound`."""
    return await rows.get_row(tx, endpoint_groups, id, "endpoint group")


async def create_group(tx: Transaction, **values: Any) -> Row[Any]:
    """A new endpoint group."""
    id = uuid.uuid4().hex
    await rows.insert_row(tx, endpoint_groups, id=id, **values)
    return await get_group(tx, id)


async def update_group(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change an endpoint group."""
    await get_group(tx, id)
    await rows.update_row(tx, endpoint_groups, id, **values)
    return await get_group(tx, id)


async def delete_group(tx: Transaction, id: str) -> None:
    """Remove an endpoint group; catalogs are narrowed to it no more."""
    await get_group(tx, id)
    await catalog.delete_filters(tx, kind=GROUP, target_id=id)
    await rows.delete_rows(tx, endpoint_groups, id=id)


async def _check_things(tx: Transaction, project_id: str, kind: str, id: str) -> None:
    await projects.get_project(tx, project_id)
    await (get_endpoint if kind == ENDPOINT else get_group)(tx, id)


async def add_filter(tx: Transaction, project_id: str, kind: str, id: str) -> None:
    """Narrow a project's catalog to an endpoint or a group, besides others. Repeatable."""
    await _check_things(tx, project_id, kind, id)
    await catalog.insert_filter(tx, project_id, kind, id)


async def check_filter(tx: Transaction, project_id: str, kind: str, id: str) -> None:
    """Raise `NotFound` unless a project's catalog is narrowed to an endpoint or a group."""
    await _check_things(tx, project_id, kind, id)
    found = await catalog.list_filters(tx, project_id)
    if not any((row.kind, row.target_id) == (kind, id) for row in found):
        raise NotFound("cannot find this association of the project")


async def remove_filter(tx: Transaction, project_id: str, kind: str, id: str) -> None:
    """Narrow a project's catalog to an endpoint or a group no more. Raises `NotFound`."""
    await check_filter(tx, project_id, kind, id)
    await catalog.delete_filters(tx, project_id=project_id, kind=kind, target_id=id)


async def list_projects(tx: Transaction, kind: str, id: str) -> list[Project]:
    """The projects whose catalogs are narrowed to an endpoint or a group."""
    await (get_endpoint if kind == ENDPOINT else get_group)(tx, id)
    ids = [row.project_id for row in await catalog.list_filters_of(tx, kind, id)]
    return await projects.list_projects_by_id(tx, ids)


async def list_groups_of_project(tx: Transaction, project_id: str) -> list[Row[Any]]:
    """The endpoint groups that a project's catalog is narrowed to."""
    project = await projects.get_project(tx, project_id)
    found = [row for row in await catalog.list_filters(tx, project.id) if row.kind == GROUP]
    return [await get_group(tx, row.target_id) for row in found]


async def list_endpoints_of_project(tx: Transaction, project_id: str) -> list[Row[Any]]:
    """The endpoints that a project's catalog is narrowed to, through groups too."""
    found: dict[str, Row[Any]] = {}
    for group in await list_groups_of_project(tx, project_id):
        found |= {one.id: one for one in await list_endpoints_of_group(tx, group)}
    for row in await catalog.list_filters(tx, project_id):
        if row.kind == ENDPOINT:
            found[row.target_id] = await get_endpoint(tx, row.target_id)
    return list(found.values())
