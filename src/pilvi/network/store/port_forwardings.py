"""Rows of port forwardings."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.router import PortForwarding, PortForwardingId
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.tables import floating_ips, port_forwardings

_t = port_forwardings.c
_ALL = select(port_forwardings).order_by(_t.created_at, _t.id)
_OF_FLOATING_IPS = Prepared(_ALL.where(_t.floating_ip_id.in_(bindparam("ids", expanding=True))))
_OF_ROUTER = Prepared(
    _ALL.join_from(port_forwardings, floating_ips, floating_ips.c.id == _t.floating_ip_id).where(
        floating_ips.c.router_id == bindparam("of_router")
    )
)
_OF_PORT = Prepared(select(port_forwardings).where(_t.port_id == bindparam("of_port")))

FILTERS: Filters = {
    **{n: k for n, k in common_filters(port_forwardings).items() if n in ("id", "description")},
    "protocol": _t.protocol,
    "external_port": _t.external_first,
    "internal_port_id": _t.port_id,
    "internal_ip_address": _t.internal_address,
    "internal_port": _t.internal_first,
    "floatingip_id": _t.floating_ip_id,
}


def _forwarding(row: Row[Any]) -> PortForwarding:
    return PortForwarding(
        id=PortForwardingId(row.id),
        project_id=row.project_id,
        description=row.description,
        floating_ip_id=row.floating_ip_id,
        protocol=row.protocol,
        external=(row.external_first, row.external_last),
        internal=(row.internal_first, row.internal_last),
        internal_address=row.internal_address,
        port_id=row.port_id,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def insert_port_forwarding(tx: Transaction, **values: Any) -> None:
    """Add a forwarding. Raises `Conflict` when its external port is forwarded already."""
    await tx.run(insert(port_forwardings).values(**values))


async def get_port_forwarding(tx: Transaction, floating_ip_id: str, id: str) -> PortForwarding:
    """A forwarding of one floating IP. Raises `NotFound`, also for another one's (OSSN-0102)."""
    mine = (_t.id == id) & (_t.floating_ip_id == floating_ip_id)
    row = await tx.first(select(port_forwardings).where(mine))
    if row is None:
        raise NotFound(f"cannot find the port forwarding '{id}' of floating IP {floating_ip_id}")
    return _forwarding(row)


async def list_port_forwardings(
    tx: Transaction, listing: Listing
) -> tuple[list[PortForwarding], bool]:
    """One page of forwardings; the listing names their floating IP."""
    rows, more = await read_list(tx, select(port_forwardings), port_forwardings, listing, FILTERS)
    return [_forwarding(row) for row in rows], more


async def list_of_floating_ips(
    tx: Transaction, ids: Collection[str]
) -> dict[str, list[PortForwarding]]:
    """The forwardings of some floating IPs, oldest first."""
    found: dict[str, list[PortForwarding]] = {id: [] for id in ids}
    if ids:
        for row in await tx.all(_OF_FLOATING_IPS, {"ids": list(ids)}):
            found[row.floating_ip_id].append(_forwarding(row))
    return found


async def list_of_router(tx: Transaction, router_id: str) -> list[PortForwarding]:
    """The forwardings of the floating IPs that a router serves."""
    return [_forwarding(row) for row in await tx.all(_OF_ROUTER, {"of_router": router_id})]


async def list_of_port(tx: Transaction, port_id: str) -> list[PortForwarding]:
    """The forwardings that lead to a port."""
    return [_forwarding(row) for row in await tx.all(_OF_PORT, {"of_port": port_id})]


async def update_port_forwarding(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a forwarding. Raises `Conflict` as `insert_port_forwarding`."""
    await tx.run(update(port_forwardings).where(_t.id == id).values(**values))


async def delete_port_forwarding(tx: Transaction, id: str) -> None:
    """Forget a forwarding. Repeatable."""
    await tx.run(delete(port_forwardings).where(_t.id == id))
