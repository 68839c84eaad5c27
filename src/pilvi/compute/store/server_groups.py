"""Rows of server groups and of who is in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select

from pilvi.compute.model.server_group import Policy, ServerGroup
from pilvi.compute.store.tables import server_group_members, server_groups, servers
from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound

_COLUMNS = [column.name for column in server_groups.columns]
_MEMBERS = (
    select(server_group_members.c.group_id, servers.c.id, servers.c.host_id)
    .join(servers, servers.c.id == server_group_members.c.server_id)
    .where(servers.c.deleted_at.is_(None))
    .order_by(servers.c.created_at, servers.c.id)
)
_MEMBERS_OF = Prepared(
    _MEMBERS.where(server_group_members.c.group_id.in_(bindparam("group_ids", expanding=True)))
)
_OF_SERVER = Prepared(
    select(server_groups)
    .join(server_group_members, server_group_members.c.group_id == server_groups.c.id)
    .where(server_group_members.c.server_id == bindparam("of_server"))
)


def _group(row: Row[Any]) -> ServerGroup:
    values = {column.name: getattr(row, column.name) for column in server_groups.columns}
    values["policy"] = Policy(row.policy)
    return ServerGroup(**values)


async def insert_server_group(tx: Transaction, group: ServerGroup) -> None:
    """Add a server group without members."""
    await tx.run(insert(server_groups).values({name: getattr(group, name) for name in _COLUMNS}))


async def get_server_group(tx: Transaction, id: str, project_id: str | None) -> ServerGroup:
    """One server group of a project (None: of any). Raises `NotFound`."""
    query = select(server_groups).where(server_groups.c.id == id)
    if project_id is not None:
        query = query.where(server_groups.c.project_id == project_id)
    row = await tx.first(query)
    if row is None:
        raise NotFound(f"cannot find the server group '{id}'")
    return _group(row)


async def list_server_groups(
    tx: Transaction, project_id: str | None, *, offset: int = 0, limit: int | None = None
) -> list[ServerGroup]:
    """Server groups of a project (None: of all), the oldest first."""
    query = select(server_groups).order_by(server_groups.c.created_at, server_groups.c.id)
    if project_id is not None:
        query = query.where(server_groups.c.project_id == project_id)
    if limit is not None:
        query = query.limit(offset + limit)
    return [_group(row) for row in await tx.all(query)][offset:]


async def count_server_groups(tx: Transaction, project_id: str, user_id: str | None = None) -> int:
    """How many server groups a project has, or one of its users."""
    query = select(func.count()).where(server_groups.c.project_id == project_id)
    if user_id is not None:
        query = query.where(server_groups.c.user_id == user_id)
    return int(await tx.scalar(query))


async def delete_server_group(tx: Transaction, id: str) -> None:
    """Remove a server group; its servers stay."""
    await tx.run(delete(server_group_members).where(server_group_members.c.group_id == id))
    await tx.run(delete(server_groups).where(server_groups.c.id == id))


async def insert_member(tx: Transaction, group_id: str, server_id: str) -> None:
    """Put a server into a group, for as long as the server lives."""
    await tx.run(insert(server_group_members).values(group_id=group_id, server_id=server_id))


async def list_members(
    tx: Transaction, group_ids: Sequence[str]
) -> dict[str, list[tuple[str, str | None]]]:
    """Id and host of the servers in some groups, by group, the oldest first."""
    found: dict[str, list[tuple[str, str | None]]] = {id: [] for id in group_ids}
    for row in await tx.all(_MEMBERS_OF, {"group_ids": list(group_ids)}):
        found[row.group_id].append((row.id, row.host_id))
    return found


async def find_group_of(tx: Transaction, server_id: str) -> ServerGroup | None:
    """The server group that a server is in, or None."""
    row = await tx.first(_OF_SERVER, {"of_server": server_id})
    return None if row is None else _group(row)
