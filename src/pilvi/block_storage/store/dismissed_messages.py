"""Rows of messages that nobody wants to see again."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from pilvi.block_storage.store.tables import dismissed_messages
from pilvi.core.db import Transaction

_t = dismissed_messages.c


async def list_dismissed(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Those of some messages that were dismissed."""
    if not ids:
        return set()
    rows = await tx.all(select(_t.id).where(_t.id.in_(ids)))
    return {row.id for row in rows}


async def dismiss_message(tx: Transaction, id: str) -> None:
    """Do not show a message again. Repeatable."""
    if id not in await list_dismissed(tx, [id]):
        await tx.run(insert(dismissed_messages).values(id=id))
