"""Rows of logs."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, select, true, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.log import SECURITY_GROUP, Event, Log, LogId
from pilvi.network.store.listing import Filters, Listing, common_filters, constant, read_list
from pilvi.network.store.tables import port_groups, ports
from pilvi.network.store.traffic_tables import logs

_t = logs.c
_ENABLED = Prepared(
    select(logs).where(_t.project_id.in_(bindparam("ids", expanding=True)), _t.is_enabled.is_(True))
)
_FORGET = Prepared(
    delete(logs).where(
        (_t.target_id == bindparam("of_id")) | (_t.resource_id == bindparam("of_id"))
    )
)

FILTERS: Filters = {
    **common_filters(logs),
    "enabled": _t.is_enabled,
    "event": _t.event,
    "resource_type": constant(SECURITY_GROUP),
    "resource_id": _t.resource_id,
    "target_id": _t.target_id,
}


def _log(row: Row[Any]) -> Log:
    return Log(
        id=LogId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        is_enabled=row.is_enabled,
        event=Event(row.event),
        resource_id=row.resource_id,
        target_id=row.target_id,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    return true() if project_id is None else _t.project_id == project_id


async def insert_log(tx: Transaction, **values: Any) -> None:
    """Add a log."""
    await tx.run(insert(logs).values(**values))


async def get_log(tx: Transaction, id: str, project_id: str | None) -> Log:
    """A log that a project may see. Raises `NotFound`."""
    row = await tx.first(select(logs).where(_t.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the log '{id}'")
    return _log(row)


async def list_logs(tx: Transaction, listing: Listing) -> tuple[list[Log], bool]:
    """One page of the logs that a project may see, and whether more follow."""
    query = select(logs).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, logs, listing, FILTERS)
    return [_log(row) for row in rows], more


async def list_enabled(tx: Transaction, project_ids: Collection[str]) -> list[Log]:
    """The logs that are kept of some projects' ports."""
    rows = await tx.all(_ENABLED, {"ids": list(project_ids)}) if project_ids else []
    return [_log(row) for row in rows]


async def list_ports_of_log(tx: Transaction, log: Log) -> list[str]:
    """The ports that a log is about."""
    query = select(ports.c.id).where(
        ports.c.project_id == log.project_id, ports.c.is_deleting.is_(False)
    )
    if log.target_id is not None:
        query = query.where(ports.c.id == log.target_id)
    if log.resource_id is not None:
        inside = select(port_groups.c.port_id).where(port_groups.c.group_id == log.resource_id)
        query = query.where(ports.c.id.in_(inside))
    return [row.id for row in await tx.all(query)]


async def update_log(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a log."""
    await tx.run(update(logs).where(_t.id == id).values(**values))


async def delete_log(tx: Transaction, id: str) -> None:
    """Forget a log. Repeatable."""
    await tx.run(delete(logs).where(_t.id == id))


async def delete_logs_of(tx: Transaction, id: str) -> None:
    """Forget the logs that are about one port or one security group. Repeatable."""
    await tx.run(_FORGET, {"of_id": id})
