"""Rows that say whether new security groups keep connections in mind."""

from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, or_, select, true, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.security_group import DefaultStatefulness
from pilvi.network.store.listing import Filters, Listing, read_list
from pilvi.network.store.traffic_tables import default_statefulness

_t = default_statefulness.c
_ANY = select(default_statefulness)
_FOR_EVERYBODY = Prepared(_ANY.where(_t.project_id.is_(None)))
_FOR_ONE = Prepared(_ANY.where(_t.project_id == bindparam("of_project")))

FILTERS: Filters = {"id": _t.id, "project_id": _t.project_id, "stateful": _t.is_stateful}


def _default(row: Row[Any]) -> DefaultStatefulness:
    return DefaultStatefulness(id=row.id, project_id=row.project_id, is_stateful=row.is_stateful)


def _visible(project_id: str | None) -> ColumnElement[bool]:
    everybody = _t.project_id.is_(None)
    return true() if project_id is None else or_(everybody, _t.project_id == project_id)


async def insert_default(tx: Transaction, **values: Any) -> None:
    """Add a default. Raises `Conflict` for a project's second one."""
    await tx.run(insert(default_statefulness).values(**values))


async def get_default(tx: Transaction, id: str, project_id: str | None) -> DefaultStatefulness:
    """A default that a project may see: its own and everybody's. Raises `NotFound`."""
    query = select(default_statefulness).where(_t.id == id, _visible(project_id))
    row = await tx.first(query)
    if row is None:
        raise NotFound(f"cannot find the default statefulness '{id}'")
    return _default(row)


async def find_default_for(tx: Transaction, project_id: str | None) -> DefaultStatefulness | None:
    """The default that was set for exactly a project, or (None) for everybody."""
    if project_id is None:
        row = await tx.first(_FOR_EVERYBODY)
    else:
        row = await tx.first(_FOR_ONE, {"of_project": project_id})
    return None if row is None else _default(row)


async def list_defaults(
    tx: Transaction, listing: Listing
) -> tuple[list[DefaultStatefulness], bool]:
    """One page of the defaults that a project may see."""
    query = select(default_statefulness).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, default_statefulness, listing, FILTERS)
    return [_default(row) for row in rows], more


async def update_default(tx: Transaction, id: str, *, is_stateful: bool) -> None:
    """Change a default."""
    change = update(default_statefulness).where(_t.id == id)
    await tx.run(change.values(is_stateful=is_stateful))


async def delete_default(tx: Transaction, id: str) -> None:
    """Forget a default. Repeatable."""
    await tx.run(delete(default_statefulness).where(_t.id == id))
