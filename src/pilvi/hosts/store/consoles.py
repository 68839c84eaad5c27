"""Rows of console output: pieces by offset, the newest 256 KiB of each guest."""

from sqlalchemy import bindparam, delete, func, insert, select

from pilvi.core.db import Prepared, Transaction
from pilvi.hosts.store.tables import consoles

# Bytes kept of one guest's console. Lower: a long boot is cut; higher: larger database.
KEPT_BYTES = 256 * 1024

_FORGET = delete(consoles).where(consoles.c.server_id == bindparam("of_server"))
_FORGET_ALL = Prepared(_FORGET)
_FORGET_FROM = Prepared(_FORGET.where(consoles.c.start >= bindparam("first")))
_FORGET_BEFORE = Prepared(
    _FORGET.where(consoles.c.start + func.length(consoles.c.data) <= bindparam("oldest"))
)
_INSERT = Prepared(insert(consoles))


async def insert_piece(tx: Transaction, server_id: str, start: int, data: bytes) -> None:
    """Add a piece and drop what is older than the newest 256 KiB. Repeatable."""
    await tx.run(_FORGET_FROM, {"of_server": server_id, "first": start})
    await tx.run(_INSERT, {"server_id": server_id, "start": start, "data": data})
    oldest = start + len(data) - KEPT_BYTES
    if oldest > 0:
        await tx.run(_FORGET_BEFORE, {"of_server": server_id, "oldest": oldest})


async def read_console(tx: Transaction, server_id: str) -> bytes:
    """All bytes that are kept of a guest's console, oldest first."""
    query = select(consoles.c.data).where(consoles.c.server_id == server_id)
    return b"".join(row.data for row in await tx.all(query.order_by(consoles.c.start)))


async def delete_console(tx: Transaction, server_id: str) -> None:
    """Forget a guest's console. Repeatable."""
    await tx.run(_FORGET_ALL, {"of_server": server_id})
