"""What guests use: one row of a host, the newest figures of all its guests."""

import datetime

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction, now
from pilvi.host_api.contract import GuestCounts
from pilvi.hosts.model.host import HostId
from pilvi.hosts.store.tables import guest_counts

_t = guest_counts.c
_UPDATE = Prepared(update(guest_counts).where(_t.host_id == bindparam("of_host")))
_OF_HOST = Prepared(select(guest_counts).where(_t.host_id == bindparam("of_host")))
_NEWER = Prepared(select(guest_counts).where(_t.told_at >= bindparam("since")))


async def save_counts(tx: Transaction, host_id: HostId, counts: list[GuestCounts]) -> None:
    """Keep a host's figures in place of those before."""
    values = {"told_at": now(), "content": msgspec.json.encode(counts).decode()}
    if not await tx.run(_UPDATE, {"of_host": host_id, **values}):
        await tx.run(insert(guest_counts).values(host_id=host_id, **values))


async def list_counts(
    tx: Transaction, since: datetime.datetime
) -> dict[tuple[HostId, str], GuestCounts]:
    """What hosts told since then, by host and server."""
    return {
        (HostId(row.host_id), one.server_id): one
        for row in await tx.all(_NEWER, {"since": since})
        for one in msgspec.json.decode(row.content, type=list[GuestCounts])
    }


async def find_counts(
    tx: Transaction, host_id: HostId, server_id: str
) -> tuple[datetime.datetime, GuestCounts] | None:
    """What a host told last of one guest, and when; None when it told nothing of it."""
    row = await tx.first(_OF_HOST, {"of_host": host_id})
    if row is None:
        return None
    told = msgspec.json.decode(row.content, type=list[GuestCounts])
    return next(((row.told_at, one) for one in told if one.server_id == server_id), None)


async def delete_counts(tx: Transaction, host_id: HostId) -> None:
    """Forget what a host told. Repeatable."""
    await tx.run(delete(guest_counts).where(_t.host_id == host_id))
