"""Rows of conntrack helpers of routers."""

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.router import ConntrackHelper, ConntrackHelperId
from pilvi.network.store.listing import Filters, Listing, read_list
from pilvi.network.store.traffic_tables import conntrack_helpers

_t = conntrack_helpers.c
_OF_ROUTER = Prepared(
    select(conntrack_helpers)
    .where(_t.router_id == bindparam("of_router"))
    .order_by(_t.created_at, _t.id)
)

FILTERS: Filters = {
    "id": _t.id,
    "protocol": _t.protocol,
    "port": _t.port,
    "helper": _t.helper,
    "router_id": _t.router_id,
}


def _helper(row: Row[Any]) -> ConntrackHelper:
    return ConntrackHelper(
        id=ConntrackHelperId(row.id),
        project_id=row.project_id,
        router_id=row.router_id,
        protocol=row.protocol,
        port=row.port,
        helper=row.helper,
    )


async def insert_helper(tx: Transaction, **values: Any) -> None:
    """Add a helper. Raises `Conflict` for a second one of its port."""
    await tx.run(insert(conntrack_helpers).values(**values))


async def get_helper(tx: Transaction, router_id: str, id: str) -> ConntrackHelper:
    """A helper of one router. Raises `NotFound`, also for another one's (OSSN-0102)."""
    mine = (_t.id == id) & (_t.router_id == router_id)
    row = await tx.first(select(conntrack_helpers).where(mine))
    if row is None:
        raise NotFound(f"cannot find the conntrack helper '{id}' of router {router_id}")
    return _helper(row)


async def list_helpers(tx: Transaction, listing: Listing) -> tuple[list[ConntrackHelper], bool]:
    """One page of helpers; the listing names their router."""
    query = select(conntrack_helpers)
    rows, more = await read_list(tx, query, conntrack_helpers, listing, FILTERS)
    return [_helper(row) for row in rows], more


async def list_of_router(tx: Transaction, router_id: str) -> list[ConntrackHelper]:
    """The helpers of a router, oldest first."""
    return [_helper(row) for row in await tx.all(_OF_ROUTER, {"of_router": router_id})]


async def update_helper(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a helper. Raises `Conflict` as `insert_helper`."""
    await tx.run(update(conntrack_helpers).where(_t.id == id).values(**values))


async def delete_helper(tx: Transaction, id: str) -> None:
    """Forget a helper. Repeatable."""
    await tx.run(delete(conntrack_helpers).where(_t.id == id))
