"""Rows of groups, their types and their snapshots."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from pilvi.block_storage.model.group import Group, GroupSnapshot, GroupType
from pilvi.block_storage.store.tables import group_snapshots, group_types, groups
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

_g, _s, _t = groups.c, group_snapshots.c, group_types.c
_GROUP = tuple(one.name for one in fields(Group))
_SNAPSHOT = tuple(one.name for one in fields(GroupSnapshot))
_TYPE = tuple(one.name for one in fields(GroupType))
GROUP_SORTS = {"created_at": _g.created_at, "id": _g.id, "name": _g.name}
SNAPSHOT_SORTS = {
    "created_at": _s.created_at,
    "id": _s.id,
    "name": _s.name,
    "group_id": _s.group_id,
}


_LEAVING = Prepared(select(_g.id).where(_g.present.is_(False)))
_LEAVING_SNAPSHOTS = Prepared(select(_s.id).where(_s.present.is_(False)))
_COUNT = Prepared(
    select(func.count()).select_from(groups).where(_g.project_id == bindparam("owner_id"))
)


def _group(row: Row[Any]) -> Group:
    return Group(**{name: getattr(row, name) for name in _GROUP})


def _snapshot(row: Row[Any]) -> GroupSnapshot:
    return GroupSnapshot(**{name: getattr(row, name) for name in _SNAPSHOT})


async def insert_group(tx: Transaction, group: Group) -> None:
    """Add a group."""
    await tx.run(insert(groups).values(**{name: getattr(group, name) for name in _GROUP}))


async def find_group(tx: Transaction, id: str, project_id: str | None = None) -> Group | None:
    """One group of a project (None: of any), or None."""
    query = select(groups).where(_g.id == id)
    if project_id is not None:
        query = query.where(_g.project_id == project_id)
    row = await tx.first(query)
    return None if row is None else _group(row)


async def get_group(tx: Transaction, id: str, project_id: str | None) -> Group:
    """One group of a project (None: of any). Raises `NotFound`."""
    found = await find_group(tx, id, project_id)
    if found is None:
        raise NotFound(f"cannot find the group '{id}'")
    return found


async def list_groups(
    tx: Transaction, equal: Mapping[str, Any], page: Page, offset: int = 0
) -> tuple[list[Group], bool]:
    """One page of the groups with these values, and whether more follow."""
    query = select(groups).offset(offset or None)
    for name, value in equal.items():
        query = query.where(_g[name] == value)
    rows, more = await read_page(tx, query, groups, page, GROUP_SORTS)
    return [_group(row) for row in rows], more


async def count_groups(tx: Transaction, project_id: str) -> int:
    """How many groups a project has."""
    return int(await tx.scalar(_COUNT, {"owner_id": project_id}))


async def list_leaving_groups(tx: Transaction) -> list[str]:
    """Ids of the groups that are wished away."""
    return [row.id for row in await tx.all(_LEAVING)]


async def update_group(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a group."""
    await tx.run(update(groups).where(_g.id == id).values(**values))


async def delete_group(tx: Transaction, id: str) -> None:
    """Remove a group. Repeatable."""
    await tx.run(delete(groups).where(_g.id == id))


async def insert_group_snapshot(tx: Transaction, snapshot: GroupSnapshot) -> None:
    """Add a snapshot of a group."""
    values = {name: getattr(snapshot, name) for name in _SNAPSHOT}
    await tx.run(insert(group_snapshots).values(**values))


async def find_group_snapshot(
    tx: Transaction, id: str, project_id: str | None = None
) -> GroupSnapshot | None:
    """One snapshot of a group of a project (None: of any), or None."""
    query = select(group_snapshots).where(_s.id == id)
    if project_id is not None:
        query = query.where(_s.project_id == project_id)
    row = await tx.first(query)
    return None if row is None else _snapshot(row)


async def get_group_snapshot(tx: Transaction, id: str, project_id: str | None) -> GroupSnapshot:
    """One snapshot of a group of a project (None: of any). Raises `NotFound`."""
    found = await find_group_snapshot(tx, id, project_id)
    if found is None:
        raise NotFound(f"cannot find the group snapshot '{id}'")
    return found


async def list_group_snapshots(
    tx: Transaction, equal: Mapping[str, Any], page: Page, offset: int = 0
) -> tuple[list[GroupSnapshot], bool]:
    """One page of the snapshots of groups with these values, and whether more follow."""
    query = select(group_snapshots).offset(offset or None)
    for name, value in equal.items():
        query = query.where(_s[name] == value)
    rows, more = await read_page(tx, query, group_snapshots, page, SNAPSHOT_SORTS)
    return [_snapshot(row) for row in rows], more


async def count_group_snapshots(tx: Transaction, group_id: str) -> int:
    """How many snapshots a group has."""
    query = select(func.count()).select_from(group_snapshots).where(_s.group_id == group_id)
    return int(await tx.scalar(query))


async def list_leaving_group_snapshots(tx: Transaction) -> list[str]:
    """Ids of the snapshots of groups that are wished away."""
    return [row.id for row in await tx.all(_LEAVING_SNAPSHOTS)]


async def update_group_snapshot(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a snapshot of a group."""
    await tx.run(update(group_snapshots).where(_s.id == id).values(**values))


async def delete_group_snapshot(tx: Transaction, id: str) -> None:
    """Remove a snapshot of a group. Repeatable."""
    await tx.run(delete(group_snapshots).where(_s.id == id))


async def insert_group_type(tx: Transaction, group_type: GroupType) -> None:
    """Add a type. Raises `Conflict` when its name is taken."""
    values = {name: getattr(group_type, name) for name in _TYPE}
    await tx.run(insert(group_types).values(**values))


async def list_group_types(tx: Transaction, **equal: Any) -> list[GroupType]:
    """The types with these values, newest first."""
    query = select(group_types).order_by(_t.created_at.desc(), _t.id)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    return [
        GroupType(**{name: getattr(row, name) for name in _TYPE}) for row in await tx.all(query)
    ]


async def count_of_type(tx: Transaction, group_type_id: str) -> int:
    """How many groups are of a type."""
    query = select(func.count()).select_from(groups).where(_g.group_type_id == group_type_id)
    return int(await tx.scalar(query))


async def update_group_type(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a type."""
    await tx.run(update(group_types).where(_t.id == id).values(**values))


async def delete_group_type(tx: Transaction, id: str) -> None:
    """Remove a type. Repeatable."""
    await tx.run(delete(group_types).where(_t.id == id))
