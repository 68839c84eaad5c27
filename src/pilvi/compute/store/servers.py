"""Rows of servers. Every change goes through `update_server`, which derives what SQL filters on."""

import dataclasses
import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, bindparam, delete, func, insert, or_, select, update

from pilvi.compute.model.server import Server, ServerId
from pilvi.compute.model.state import Status
from pilvi.compute.store.tables import (
    actions,
    migrations,
    server_group_members,
    server_tags,
    servers,
)
from pilvi.core.db import Prepared, Transaction, now
from pilvi.errors import NotFound

# Deleted servers that one transaction forgets. Lower: many that are deleted at once are forgotten
# late; higher: a transaction that takes long.
FORGOTTEN_AT_ONCE = 100

_FIELDS = [field.name for field in dataclasses.fields(Server)]
_SELECTED = [servers.c[name] for name in _FIELDS]

_ANY = select(*_SELECTED).where(servers.c.id == bindparam("row_id"))
_OWN = _ANY.where(servers.c.project_id == bindparam("owner_id"))
_IS_LEFT = servers.c.deleted_at.is_(None)
_QUERIES = {
    (False, True): Prepared(_ANY),
    (False, False): Prepared(_ANY.where(_IS_LEFT)),
    (True, True): Prepared(_OWN),
    (True, False): Prepared(_OWN.where(_IS_LEFT)),
}
"""By whether a project is named, and whether deleted servers count."""
_PROJECTS = Prepared(select(servers.c.id, servers.c.project_id).where(_IS_LEFT))
_FAILED = Prepared(
    select(func.count()).select_from(servers).where(_IS_LEFT, servers.c.status == Status.ERROR)
)
_UNSETTLED = Prepared(select(servers.c.id).where(servers.c.is_settled.is_(False)))
_PRESENT = Prepared(select(servers.c.id).where(_IS_LEFT))
_OLD = Prepared(
    select(servers.c.id).where(servers.c.deleted_at < bindparam("before")).limit(FORGOTTEN_AT_ONCE)
)
_INSERT = Prepared(insert(servers))
_UPDATE = Prepared(update(servers).where(servers.c.id == bindparam("row_id")))
_SETTLE = Prepared(
    update(servers)
    .where(servers.c.id == bindparam("row_id"), servers.c.is_settled.is_(False))
    .values(is_settled=True)
)


def read_server(row: Row[Any]) -> Server:
    """A row that holds the columns of `select_servers` as a server. Pure."""
    return msgspec.convert(dict(zip(_FIELDS, row, strict=True)), Server)


def select_servers() -> Select[Any]:
    """All columns that make a server."""
    return select(*_SELECTED)


def _derived(server: Server) -> dict[str, Any]:
    """What SQL filters on and sums up, from the other columns. Pure."""
    condition = server.condition
    return {
        "status": condition.status,
        "vm_state": condition.vm_state,
        "task_state": condition.task_state,
        "power_state": condition.power_state,
        "is_locked": server.locked_by is not None,
        "flavor_id": server.flavor.id,
        "image_id": server.image.image_id if server.image else None,
        "key_name": server.key.name if server.key else None,
        "vcpus": server.flavor.vcpus,
        "memory_mib": server.flavor.memory_mib,
    }


async def list_projects(tx: Transaction) -> dict[str, str]:
    """The project of every server that is not deleted, by the server's id."""
    return {row.id: row.project_id for row in await tx.all(_PROJECTS, {})}


async def count_failed(tx: Transaction) -> int:
    """How many servers are in ERROR."""
    return int(await tx.scalar(_FAILED, {}))


async def insert_server(tx: Transaction, server: Server) -> None:
    """Add a server."""
    values = {name: getattr(server, name) for name in _FIELDS}
    await tx.run(_INSERT, {**values, **_derived(server), "is_settled": False})
    if server.tags:
        await _write_tags(tx, server)


async def find_server(tx: Transaction, id: str) -> Server | None:
    """A server that is not deleted, or None."""
    row = await tx.first(_QUERIES[False, False], {"row_id": id})
    return None if row is None else read_server(row)


async def get_server(
    tx: Transaction, id: str, project_id: str | None, *, with_deleted: bool = False
) -> Server:
    """A server of the project (None: of any). Raises `NotFound`."""
    parameters = {"row_id": id}
    if project_id is not None:
        parameters["owner_id"] = project_id
    row = await tx.first(_QUERIES[project_id is not None, with_deleted], parameters)
    if row is None:
        raise NotFound(f"cannot find the server '{id}'")
    return read_server(row)


async def update_server(
    tx: Transaction, server: Server, *, is_settled: bool = False, **changes: Any
) -> Server:
    """Change a server and everything derived of it; `is_settled` only when nothing is left to do.

    `server` must have been read in this transaction.
    """
    changed = dataclasses.replace(server, **changes, updated_at=now())
    values = {name: getattr(changed, name) for name in [*changes, "updated_at"]}
    derived = {**_derived(changed), "is_settled": is_settled}
    await tx.run(_UPDATE, {"row_id": server.id, **values, **derived})
    if "tags" in changes:
        await _write_tags(tx, changed)
    return changed


async def mark_settled(tx: Transaction, id: ServerId) -> None:
    """Note that nothing is left to do, without changing when the server was updated."""
    await tx.run(_SETTLE, {"row_id": id})


async def list_unsettled(tx: Transaction) -> list[str]:
    """Ids of servers that something is left to do for."""
    return [row.id for row in await tx.all(_UNSETTLED)]


async def list_present(tx: Transaction) -> list[str]:
    """Ids of all servers of which anything is left."""
    return [row.id for row in await tx.all(_PRESENT)]


async def forget_servers(tx: Transaction, before: datetime.datetime) -> None:
    """Drop what is kept of servers that were deleted before a moment; some at a time."""
    ids = [row.id for row in await tx.all(_OLD, {"before": before})]
    if not ids:
        return
    for table in (server_tags, server_group_members, actions, migrations):
        await tx.run(delete(table).where(table.c.server_id.in_(ids)))
    await tx.run(delete(servers).where(servers.c.id.in_(ids)))


async def list_on_hosts(tx: Transaction) -> list[tuple[str, str, str, str]]:
    """Host id, id, name and vm state of every server that has a host."""
    query = select(servers.c.host_id, servers.c.id, servers.c.name, servers.c.vm_state)
    query = query.where(servers.c.host_id.is_not(None), servers.c.deleted_at.is_(None))
    rows = await tx.all(query.order_by(servers.c.created_at))
    return [(row.host_id, row.id, row.name, row.vm_state) for row in rows]


async def list_used_between(
    tx: Transaction,
    project_id: str | None,
    start: datetime.datetime,
    stop: datetime.datetime,
) -> list[Server]:
    """Servers that lived at some time between two moments, oldest first."""
    query = select_servers().where(
        servers.c.launched_at <= stop,
        or_(servers.c.deleted_at.is_(None), servers.c.deleted_at >= start),
    )
    if project_id is not None:
        query = query.where(servers.c.project_id == project_id)
    return [read_server(row) for row in await tx.all(query.order_by(servers.c.created_at))]


async def _write_tags(tx: Transaction, server: Server) -> None:
    await tx.run(delete(server_tags).where(server_tags.c.server_id == server.id))
    for tag in server.tags:
        await tx.run(insert(server_tags).values(server_id=server.id, tag=tag))
