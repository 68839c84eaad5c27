"""Rows of aggregates and of the hosts in them."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.compute.model.aggregate import Aggregate
from pilvi.compute.store.tables import aggregate_hosts, aggregates, servers
from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound

_ALL = Prepared(select(aggregates).order_by(aggregates.c.number))
_HOSTS = Prepared(select(aggregate_hosts).order_by(aggregate_hosts.c.host_id))
_ZONES = Prepared(
    select(aggregate_hosts.c.host_id, aggregates.c.availability_zone)
    .join(aggregates, aggregates.c.number == aggregate_hosts.c.aggregate_number)
    .where(aggregates.c.availability_zone.is_not(None))
)


def _aggregate(row: Row[Any], host_ids: tuple[str, ...]) -> Aggregate:
    return Aggregate(**row._mapping, host_ids=host_ids)


async def insert_aggregate(tx: Transaction, **values: Any) -> None:
    """Add an aggregate without hosts. Raises `Conflict` when its name is taken."""
    await tx.run(insert(aggregates).values(**values))


async def list_aggregates(tx: Transaction) -> list[Aggregate]:
    """Every aggregate with its hosts, the oldest first."""
    hosts: dict[int, list[str]] = {}
    for row in await tx.all(_HOSTS):
        hosts.setdefault(row.aggregate_number, []).append(row.host_id)
    return [_aggregate(row, tuple(hosts.get(row.number, ()))) for row in await tx.all(_ALL)]


async def find_aggregate_by_name(tx: Transaction, name: str) -> Aggregate | None:
    """The aggregate of that name, or None."""
    return next((one for one in await list_aggregates(tx) if one.name == name), None)


async def get_aggregate(tx: Transaction, number: int) -> Aggregate:
    """One aggregate. Raises `NotFound`."""
    found = next((one for one in await list_aggregates(tx) if one.number == number), None)
    if found is None:
        raise NotFound(f"cannot find the aggregate '{number}'")
    return found


async def list_zones(tx: Transaction) -> dict[str, str]:
    """The availability zone of each host that an aggregate puts into one, by host id."""
    return {row.host_id: row.availability_zone for row in await tx.all(_ZONES)}


async def list_pinned_zones(tx: Transaction) -> list[tuple[str, str]]:
    """Host id and zone of every server on a host that asked for its availability zone."""
    query = select(servers.c.host_id, servers.c.availability_zone).where(
        servers.c.host_id.is_not(None),
        servers.c.deleted_at.is_(None),
        servers.c.availability_zone.is_not(None),
    )
    return [(row.host_id, row.availability_zone) for row in await tx.all(query)]


async def update_aggregate(tx: Transaction, number: int, **values: Any) -> None:
    """Change columns of an aggregate."""
    await tx.run(update(aggregates).where(aggregates.c.number == number).values(**values))


async def delete_aggregate(tx: Transaction, number: int) -> None:
    """Remove an aggregate; its hosts stay."""
    await tx.run(delete(aggregate_hosts).where(aggregate_hosts.c.aggregate_number == number))
    await tx.run(delete(aggregates).where(aggregates.c.number == number))


async def insert_host(tx: Transaction, number: int, host_id: str) -> None:
    """Put a host into an aggregate. Raises `Conflict` when it is there."""
    await tx.run(insert(aggregate_hosts).values(aggregate_number=number, host_id=host_id))


async def delete_host(tx: Transaction, number: int, host_id: str) -> None:
    """Take a host out of an aggregate. Repeatable."""
    this = (aggregate_hosts.c.aggregate_number == number) & (aggregate_hosts.c.host_id == host_id)
    await tx.run(delete(aggregate_hosts).where(this))


async def delete_host_everywhere(tx: Transaction, host_id: str) -> None:
    """Take a host out of every aggregate. Repeatable."""
    await tx.run(delete(aggregate_hosts).where(aggregate_hosts.c.host_id == host_id))
