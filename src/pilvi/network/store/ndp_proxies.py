"""Rows of NDP proxies: IPv6 addresses that routers answer for."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, select, true, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.router import NdpProxy, NdpProxyId
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.traffic_tables import ndp_proxies

_t = ndp_proxies.c
_OF_ROUTER = Prepared(
    select(ndp_proxies).where(_t.router_id == bindparam("of_router")).order_by(_t.created_at, _t.id)
)
_OF_PORT = Prepared(select(ndp_proxies).where(_t.port_id == bindparam("of_port")))

FILTERS: Filters = {
    **common_filters(ndp_proxies),
    "router_id": _t.router_id,
    "port_id": _t.port_id,
    "ip_address": _t.address,
}


def _proxy(row: Row[Any]) -> NdpProxy:
    return NdpProxy(
        id=NdpProxyId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        router_id=row.router_id,
        port_id=row.port_id,
        address=row.address,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    return true() if project_id is None else _t.project_id == project_id


async def insert_proxy(tx: Transaction, **values: Any) -> None:
    """Add a proxy. Raises `Conflict` for an address that its router answers for already."""
    await tx.run(insert(ndp_proxies).values(**values))


async def get_proxy(tx: Transaction, id: str, project_id: str | None) -> NdpProxy:
    """A proxy that a project may see. Raises `NotFound`."""
    row = await tx.first(select(ndp_proxies).where(_t.id == id, _visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the NDP proxy '{id}'")
    return _proxy(row)


async def list_proxies(tx: Transaction, listing: Listing) -> tuple[list[NdpProxy], bool]:
    """One page of the proxies that a project may see, and whether more follow."""
    query = select(ndp_proxies).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, ndp_proxies, listing, FILTERS)
    return [_proxy(row) for row in rows], more


async def list_of_router(tx: Transaction, router_id: str) -> list[NdpProxy]:
    """The proxies of a router."""
    return [_proxy(row) for row in await tx.all(_OF_ROUTER, {"of_router": router_id})]


async def list_of_port(tx: Transaction, port_id: str) -> list[NdpProxy]:
    """The proxies that stand for addresses of a port."""
    return [_proxy(row) for row in await tx.all(_OF_PORT, {"of_port": port_id})]


async def update_proxy(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a proxy."""
    await tx.run(update(ndp_proxies).where(_t.id == id).values(**values))


async def delete_proxies(tx: Transaction, ids: Collection[str]) -> None:
    """Forget proxies. Repeatable."""
    await tx.run(delete(ndp_proxies).where(_t.id.in_(ids)))
