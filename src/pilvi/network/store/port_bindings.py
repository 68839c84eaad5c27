"""Rows of the hosts that ports are to be ready for, beside the one that they are on."""

from sqlalchemy import delete, insert, select

from pilvi.core.db import Transaction
from pilvi.network.store.admin_tables import port_bindings

_t = port_bindings.c


async def list_bindings(tx: Transaction, port_id: str) -> list[str]:
    """The names of the hosts, sorted."""
    query = select(_t.host_name).where(_t.port_id == port_id).order_by(_t.host_name)
    return [row.host_name for row in await tx.all(query)]


async def insert_binding(tx: Transaction, port_id: str, host_name: str) -> None:
    """Have a port be ready for a host. Raises `Conflict` when it is."""
    await tx.run(insert(port_bindings).values(port_id=port_id, host_name=host_name))


async def delete_binding(tx: Transaction, port_id: str, host_name: str) -> None:
    """Have a port no longer be ready for a host. Repeatable."""
    mine = (_t.port_id == port_id) & (_t.host_name == host_name)
    await tx.run(delete(port_bindings).where(mine))
