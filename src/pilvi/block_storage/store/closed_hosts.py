"""Rows of hosts that an admin closed to new volumes."""

import datetime

from sqlalchemy import delete, insert, select

from pilvi.block_storage.store.tables import closed_hosts
from pilvi.core.db import Prepared, Transaction, now

_t = closed_hosts.c
_ALL = Prepared(select(closed_hosts))


async def list_closed(tx: Transaction) -> dict[str, tuple[str | None, datetime.datetime]]:
    """Reason and time, by host."""
    rows = await tx.all(_ALL)
    return {row.host_id: (row.reason, row.updated_at) for row in rows}


async def close_host(tx: Transaction, host_id: str, reason: str | None) -> None:
    """Close a host, or change the reason. Repeatable."""
    await open_host(tx, host_id)
    values = {"host_id": host_id, "reason": reason, "updated_at": now()}
    await tx.run(insert(closed_hosts).values(**values))


async def open_host(tx: Transaction, host_id: str) -> None:
    """Open a host. Repeatable."""
    await tx.run(delete(closed_hosts).where(_t.host_id == host_id))
