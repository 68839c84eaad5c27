"""What guests used: a sample of each guest for each minute, until it is old."""

import datetime
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, insert, select

from pilvi.core.db import Prepared, Transaction
from pilvi.host_api.contract import GuestCounts
from pilvi.hosts.model.host import HostId
from pilvi.hosts.store.tables import guest_samples

_t = guest_samples.c
_OF_HOST = _t.host_id == bindparam("of_host")
_INSERT = Prepared(insert(guest_samples))
_OF_MINUTE = Prepared(
    select(_t.server_id).where(_t.minute == bindparam("of_minute"), _OF_HOST).limit(1)
)
_OF_SERVER = Prepared(
    select(guest_samples)
    .where(_t.server_id == bindparam("of_server"), _OF_HOST)
    .order_by(_t.minute)
)
# A minute begins before what was measured in it: the index finds them by that.
_OLD = Prepared(
    delete(guest_samples).where(
        _t.minute <= bindparam("until"), _t.measured_at <= bindparam("until")
    )
)


def minute_of(moment: datetime.datetime) -> datetime.datetime:
    """The minute that a moment lies in. Pure."""
    return moment.replace(second=0, microsecond=0)


async def insert_samples(
    tx: Transaction, host_id: HostId, counts: Iterable[GuestCounts], moment: datetime.datetime
) -> None:
    """Keep a host's figures for a minute, unless it has some. Repeatable."""
    key = {"host_id": host_id, "minute": minute_of(moment), "measured_at": moment}
    rows = [
        {
            **key,
            "server_id": one.server_id,
            "cpu_s": one.cpu_s,
            "read_bytes": one.read_bytes,
            "written_bytes": one.written_bytes,
            "received_bytes": one.received_bytes,
            "sent_bytes": one.sent_bytes,
        }
        for one in counts
    ]
    # A clock that was set back has the same minutes again.
    known = {"of_minute": key["minute"], "of_host": host_id}
    if rows and await tx.first(_OF_MINUTE, known) is None:
        await tx.run(_INSERT, rows)


async def list_samples(
    tx: Transaction, host_id: HostId, server_id: str
) -> list[tuple[datetime.datetime, GuestCounts]]:
    """What a host told of one guest, and when; oldest first."""
    rows = await tx.all(_OF_SERVER, {"of_server": server_id, "of_host": host_id})
    return [
        (
            row.measured_at,
            GuestCounts(
                server_id=row.server_id,
                cpu_s=row.cpu_s,
                read_bytes=row.read_bytes,
                written_bytes=row.written_bytes,
                received_bytes=row.received_bytes,
                sent_bytes=row.sent_bytes,
            ),
        )
        for row in rows
    ]


async def delete_old(tx: Transaction, until: datetime.datetime) -> None:
    """Forget what any host told until a moment. Repeatable."""
    await tx.run(_OLD, {"until": until})


async def delete_samples(tx: Transaction, host_id: HostId) -> None:
    """Forget what a host told. Repeatable."""
    await tx.run(delete(guest_samples).where(_t.host_id == host_id))
