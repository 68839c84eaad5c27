"""Rows of routers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.network.model.network import ACTIVE
from pilvi.network.model.router import Router, RouterId
from pilvi.network.store.listing import Filters, Listing, common_filters, constant, read_list
from pilvi.network.store.tables import routers

_t = routers.c

FILTERS: Filters = {
    **common_filters(routers),
    "admin_state_up": _t.admin_state_up,
    "status": constant(ACTIVE),
    "ha": constant(False),
    "distributed": constant(False),
    "external_network_id": _t.external_network_id,
}


def _router(row: Row[Any]) -> Router:
    return Router(
        id=RouterId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        admin_state_up=row.admin_state_up,
        external_network_id=row.external_network_id,
        enable_snat=row.enable_snat,
        routes=[(destination, via) for destination, via in row.routes],
        availability_zone_hints=row.availability_zone_hints,
        host_id=row.host_id,
        is_deleting=row.is_deleting,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    there = _t.is_deleting.is_(False)
    return there if project_id is None else there & (_t.project_id == project_id)


async def insert_router(tx: Transaction, **values: Any) -> None:
    """Add a router."""
    await tx.run(insert(routers).values(**values))


async def get_router(tx: Transaction, id: str, project_id: str | None) -> Router:
    """A router that a project may see. Raises `NotFound`."""
    row = await tx.first(select(routers).where(_t.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the router '{id}'")
    return _router(row)


async def find_router(tx: Transaction, id: str) -> Router | None:
    """A router, also one that is going, or None."""
    row = await tx.first(select(routers).where(_t.id == id))
    return None if row is None else _router(row)


async def list_routers(tx: Transaction, listing: Listing) -> tuple[list[Router], bool]:
    """One page of the routers that a project may see, and whether more follow."""
    query = select(routers).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, routers, listing, FILTERS)
    return [_router(row) for row in rows], more


async def list_routers_to(
    tx: Transaction, external_network_id: str, ids: Collection[str] | None = None
) -> list[Router]:
    """The routers whose gateway is on a network, of all or of some."""
    found = (_t.external_network_id == external_network_id) & _t.is_deleting.is_(False)
    if ids is not None:
        found = found & _t.id.in_(ids)
    rows = await tx.all(select(routers).where(found).order_by(_t.created_at, _t.id))
    return [_router(row) for row in rows]


async def list_routers_on(tx: Transaction, host_id: str) -> list[Router]:
    """The routers that a host carries."""
    there = (_t.host_id == host_id) & _t.is_deleting.is_(False)
    return [_router(row) for row in await tx.all(select(routers).where(there).order_by(_t.id))]


async def is_router_of_another(tx: Transaction, id: str, project_id: str) -> bool:
    """Whether this is the id of another project's router."""
    query = select(_t.id).where(_t.id == id, _t.project_id != project_id)
    return await tx.first(query) is not None


async def update_router(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a router."""
    await tx.run(update(routers).where(_t.id == id).values(**values))


async def raise_generation(tx: Transaction, ids: Collection[str]) -> None:
    """Count one more change of each of some routers."""
    await tx.run(update(routers).where(_t.id.in_(ids)).values(generation=_t.generation + 1))


async def list_unapplied(tx: Transaction) -> list[str]:
    """Ids of routers that hosts are not known to agree with."""
    rows = await tx.all(select(_t.id).where(_t.generation != _t.applied_generation))
    return [row.id for row in rows]


async def delete_router(tx: Transaction, id: str) -> None:
    """Forget a router. Repeatable."""
    await tx.run(delete(routers).where(_t.id == id))
