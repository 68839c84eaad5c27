"""Rows of routers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, or_, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.network import ACTIVE
from pilvi.network.model.router import Router, RouterId
from pilvi.network.store.listing import Filters, Listing, common_filters, constant, read_list
from pilvi.network.store.tables import routers
from pilvi.network.store.traffic_tables import conntrack_helpers, meter_counts, ndp_proxies

_t = routers.c
_BY_ID = select(routers).where(_t.id == bindparam("of_id"))
_THERE = _t.is_deleting.is_(False)
_FIND = Prepared(_BY_ID)
_GET = {
    False: Prepared(_BY_ID.where(_THERE)),
    True: Prepared(_BY_ID.where(_THERE, _t.project_id == bindparam("owner_id"))),
}
"""By whether a project is named."""
_UPDATE = Prepared(update(routers).where(_t.id == bindparam("of_id")))
_RAISE = Prepared(
    update(routers)
    .where(_t.id.in_(bindparam("ids", expanding=True)))
    .values(generation=_t.generation + 1)
)
_UNAPPLIED = Prepared(select(_t.id).where(_t.generation != _t.applied_generation))
_DELETE = [
    Prepared(delete(column.table).where(column == bindparam("of_id")))
    for column in (
        meter_counts.c.router_id,
        conntrack_helpers.c.router_id,
        ndp_proxies.c.router_id,
        _t.id,
    )
]

FILTERS: Filters = {
    **common_filters(routers),
    "admin_state_up": _t.admin_state_up,
    "status": constant(ACTIVE),
    "ha": constant(False),
    "distributed": constant(False),
    "external_network_id": _t.external_network_id,
    "flavor_id": _t.flavor_id,
    "enable_ndp_proxy": _t.enable_ndp_proxy,
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
        enable_ndp_proxy=row.enable_ndp_proxy,
        routes=[(destination, via) for destination, via in row.routes],
        availability_zone_hints=row.availability_zone_hints,
        flavor_id=row.flavor_id,
        pinned_host_id=row.pinned_host_id,
        is_parked=row.is_parked,
        host_id=row.host_id,
        is_deleting=row.is_deleting,
        generation=row.generation,
        applied_generation=row.applied_generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    return _THERE if project_id is None else _THERE & (_t.project_id == project_id)


async def insert_router(tx: Transaction, **values: Any) -> None:
    """Add a router."""
    await tx.run(insert(routers).values(**values))


async def get_router(tx: Transaction, id: str, project_id: str | None) -> Router:
    """A router that a project may see. Raises `NotFound`."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_GET[project_id is not None], {"of_id": id, **owner})
    if row is None:
        raise NotFound(f"cannot find the router '{id}'")
    return _router(row)


async def find_router(tx: Transaction, id: str) -> Router | None:
    """A router, also one that is going, or None."""
    row = await tx.first(_FIND, {"of_id": id})
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
    """The routers that a host carries, or is to carry because an admin says so."""
    chosen = _t.pinned_host_id.is_(None) & _t.is_parked.is_(False) & (_t.host_id == host_id)
    there = or_(_t.pinned_host_id == host_id, chosen) & _t.is_deleting.is_(False)
    return [_router(row) for row in await tx.all(select(routers).where(there).order_by(_t.id))]


async def is_router_of_another(tx: Transaction, id: str, project_id: str) -> bool:
    """Whether this is the id of another project's router."""
    query = select(_t.id).where(_t.id == id, _t.project_id != project_id)
    return await tx.first(query) is not None


async def update_router(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a router."""
    await tx.run(_UPDATE, {"of_id": id, **values})


async def raise_generation(tx: Transaction, ids: Collection[str]) -> None:
    """Count one more change of each of some routers."""
    await tx.run(_RAISE, {"ids": list(ids)})


async def list_ids(tx: Transaction, project_id: str | None) -> list[str]:
    """Ids of a project's routers, or (None) of all."""
    rows = await tx.all(select(_t.id).where(_visible(project_id)).order_by(_t.id))
    return [row.id for row in rows]


async def list_unapplied(tx: Transaction) -> list[str]:
    """Ids of routers that hosts are not known to agree with."""
    return [row.id for row in await tx.all(_UNAPPLIED)]


async def list_movable(tx: Transaction, host_ids: Collection[str]) -> list[str]:
    """Ids of routers that some hosts carry and that no admin keeps there."""
    if not host_ids:
        return []
    free = _t.pinned_host_id.is_(None) & _t.is_parked.is_(False) & _t.is_deleting.is_(False)
    rows = await tx.all(select(_t.id).where(free, _t.host_id.in_(host_ids)))
    return [row.id for row in rows]


async def release_pins(tx: Transaction, host_id: str) -> list[str]:
    """Leave the routers that admins chose a host for to the reconciler again; their ids."""
    rows = await tx.all(select(_t.id).where(_t.pinned_host_id == host_id))
    ids = [row.id for row in rows]
    if ids:
        await tx.run(update(routers).where(_t.id.in_(ids)).values(pinned_host_id=None))
    return ids


async def is_flavor_used(tx: Transaction, flavor_id: str) -> bool:
    """Whether a router is of a flavor."""
    query = select(_t.id).where(_t.flavor_id == flavor_id, _t.is_deleting.is_(False))
    return await tx.first(query.limit(1)) is not None


async def delete_router(tx: Transaction, id: str) -> None:
    """Forget a router with what hosts counted for it, its helpers and its proxies. Repeatable."""
    for statement in _DELETE:
        await tx.run(statement, {"of_id": id})
