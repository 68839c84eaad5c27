"""What guests use: one row of a host, the newest figures of all its guests."""

import datetime

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.host_api.contract import GuestCounts
from pilvi.hosts.model.host import HostId
from pilvi.hosts.store.guest_samples import minute_of
from pilvi.hosts.store.tables import guest_counts

_t = guest_counts.c
_REPLACE = update(guest_counts).where(_t.host_id == bindparam("of_host"))
_UPDATE = Prepared(_REPLACE)
_UPDATE_NEWER = Prepared(_REPLACE.where(_t.told_at >= bindparam("since")))
_OF_HOST = Prepared(select(guest_counts).where(_t.host_id == bindparam("of_host")))
_NEWER = Prepared(select(guest_counts).where(_t.told_at >= bindparam("since")))


async def save_counts(
    tx: Transaction, host_id: HostId, counts: list[GuestCounts], told_at: datetime.datetime
) -> bool:
    """Keep a host's figures in place of those before; whether they are the first of a minute."""
    values = {"told_at": told_at, "content": msgspec.json.encode(counts).decode()}
    here = {"of_host": host_id, **values}
    if await tx.run(_UPDATE_NEWER, {"since": minute_of(told_at), **here}):
        return False
    if not await tx.run(_UPDATE, here):
        await tx.run(insert(guest_counts).values(host_id=host_id, **values))
    return True


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
