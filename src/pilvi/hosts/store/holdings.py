"""What hosts listed for audits: the newest list of each."""

import msgspec
from sqlalchemy import delete, insert, select, update

from pilvi.core.db import Transaction, now
from pilvi.host_api.holdings import Holdings
from pilvi.hosts.model.host import HostId, Sighting
from pilvi.hosts.store.hosts import list_hosts
from pilvi.hosts.store.tables import holdings

_t = holdings.c


async def find_audit(tx: Transaction, host_id: HostId) -> int:
    """Number of the newest audit that a host answered; 0 for none."""
    return int(await tx.scalar(select(_t.audit).where(_t.host_id == host_id)) or 0)


async def save_holdings(tx: Transaction, host_id: HostId, listed: Holdings) -> None:
    """Keep a list in place of the one before."""
    content = msgspec.json.encode(listed).decode()
    values = {"audit": listed.audit, "told_at": now(), "content": content}
    if await find_audit(tx, host_id):
        await tx.run(update(holdings).where(_t.host_id == host_id).values(**values))
    else:
        await tx.run(insert(holdings).values(host_id=host_id, **values))


async def list_sightings(tx: Transaction) -> list[Sighting]:
    """Every host with its newest list, by name."""
    rows = {row.host_id: row for row in await tx.all(select(holdings))}
    found = []
    for host in await list_hosts(tx):
        row = rows.get(host.id)
        listed = None if row is None else msgspec.json.decode(row.content, type=Holdings)
        found.append(Sighting(host, None if row is None else row.told_at, listed))
    return found


async def delete_holdings(tx: Transaction, host_id: HostId) -> None:
    """Forget a host's list. Repeatable."""
    await tx.run(delete(holdings).where(_t.host_id == host_id))
