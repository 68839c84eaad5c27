"""Rows of floating IPs."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, select, true, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.network.model.router import FloatingIp, FloatingIpId
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.tables import fixed_ips, floating_ips, ports

_t = floating_ips.c
_ALL = select(floating_ips).order_by(_t.created_at, _t.id)
_ANY = select(floating_ips).where(_t.id == bindparam("of_id"))
_GET = {False: Prepared(_ANY), True: Prepared(_ANY.where(_t.project_id == bindparam("owner_id")))}
"""By whether a project is named."""
_ON_ROUTER = _t.router_id == bindparam("of_router")
_OF_ROUTER = Prepared(_ALL.where(_ON_ROUTER))
_OF_PORTS = Prepared(_ALL.where(_t.port_id.in_(bindparam("ids", expanding=True))))
_OF_NETWORK = Prepared(_ALL.where(_t.floating_network_id == bindparam("of_network")))
_NOTE_STATUS = Prepared(
    update(floating_ips).where(_ON_ROUTER, _t.status != bindparam("known_status"))
)

FILTERS: Filters = {
    **{name: known for name, known in common_filters(floating_ips).items() if name != "name"},
    "floating_network_id": _t.floating_network_id,
    "floating_ip_address": _t.address,
    "fixed_ip_address": _t.fixed_address,
    "port_id": _t.port_id,
    "router_id": _t.router_id,
    "status": _t.status,
    "subnet_id": lambda values: _t.floating_port_id.in_(
        select(fixed_ips.c.port_id).where(fixed_ips.c.subnet_id.in_(values))
    ),
}


def _floating_ip(row: Row[Any]) -> FloatingIp:
    return FloatingIp(
        id=FloatingIpId(row.id),
        project_id=row.project_id,
        description=row.description,
        floating_network_id=row.floating_network_id,
        floating_port_id=row.floating_port_id,
        address=row.address,
        port_id=row.port_id,
        fixed_address=row.fixed_address,
        router_id=row.router_id,
        status=row.status,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _visible(project_id: str | None) -> ColumnElement[bool]:
    return true() if project_id is None else _t.project_id == project_id


async def insert_floating_ip(tx: Transaction, **values: Any) -> None:
    """Add a floating IP. Raises `Conflict` when its fixed address has one already."""
    await tx.run(insert(floating_ips).values(**values))


async def get_floating_ip(tx: Transaction, id: str, project_id: str | None) -> FloatingIp:
    """A floating IP that a project may see. Raises `NotFound`."""
    owner = {} if project_id is None else {"owner_id": project_id}
    row = await tx.first(_GET[project_id is not None], {"of_id": id, **owner})
    if row is None:
        raise NotFound(f"cannot find the floating IP '{id}'")
    return _floating_ip(row)


async def list_floating_ips(tx: Transaction, listing: Listing) -> tuple[list[FloatingIp], bool]:
    """One page of the floating IPs that a project may see, and whether more follow."""
    query = select(floating_ips).where(_visible(listing.project_id))
    rows, more = await read_list(tx, query, floating_ips, listing, FILTERS)
    return [_floating_ip(row) for row in rows], more


async def list_of_ports(tx: Transaction, port_ids: Collection[str]) -> list[FloatingIp]:
    """The floating IPs that stand for addresses of some ports."""
    rows = await tx.all(_OF_PORTS, {"ids": list(port_ids)}) if port_ids else []
    return [_floating_ip(row) for row in rows]


async def list_of_router(tx: Transaction, router_id: str) -> list[FloatingIp]:
    """The floating IPs that a router serves."""
    return [_floating_ip(row) for row in await tx.all(_OF_ROUTER, {"of_router": router_id})]


async def list_of_network(tx: Transaction, network_id: str) -> list[FloatingIp]:
    """The floating IPs of an external network."""
    return [_floating_ip(row) for row in await tx.all(_OF_NETWORK, {"of_network": network_id})]


async def list_in_subnet(tx: Transaction, router_id: str, subnet_id: str) -> list[FloatingIp]:
    """The floating IPs of a router that stand for addresses in a subnet."""
    inside = (
        select(fixed_ips.c.port_id)
        .join_from(fixed_ips, ports, fixed_ips.c.port_id == ports.c.id)
        .where(fixed_ips.c.subnet_id == subnet_id, fixed_ips.c.address == _t.fixed_address)
    )
    query = _ALL.where(_t.router_id == router_id, _t.port_id.in_(inside))
    return [_floating_ip(row) for row in await tx.all(query)]


async def update_floating_ip(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a floating IP."""
    await tx.run(update(floating_ips).where(_t.id == id).values(**values))


async def update_status(tx: Transaction, router_id: str, status: str) -> None:
    """Take note whether a router's host has its floating IPs. Repeatable."""
    named = {"of_router": router_id, "known_status": status, "status": status}
    await tx.run(_NOTE_STATUS, named)


async def delete_floating_ip(tx: Transaction, id: str) -> None:
    """Forget a floating IP. Repeatable."""
    await tx.run(delete(floating_ips).where(_t.id == id))
