"""Rows of consoles."""

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update

from pilvi.compute.model.console import Console
from pilvi.compute.store.tables import consoles
from pilvi.core.db import Prepared, Transaction
from pilvi.host_api.consoles import ConsoleLine

_t = consoles.c
_OLDER = Prepared(
    select(_t.id).where(
        or_(
            _t.opened_at.is_(None)
            & or_(_t.expires_at <= bindparam("now"), _t.created_at > bindparam("later")),
            _t.renewed_at < bindparam("earlier"),
            _t.renewed_at > bindparam("later"),
        )
    )
)


def _console(row: Row[Any]) -> Console:
    return Console(**{**row._mapping, "line": ConsoleLine(row.line)})


async def insert_console(tx: Transaction, console: Console) -> None:
    """Add a console."""
    values = {name: getattr(console, name) for name in Console.__slots__}
    await tx.run(insert(consoles).values(**values))


async def find_console(tx: Transaction, id: str) -> Console | None:
    """One console, or None."""
    row = await tx.first(select(consoles).where(_t.id == id))
    return None if row is None else _console(row)


async def find_console_by_token(tx: Transaction, token_sha256: str) -> Console | None:
    """The console whose token has this digest, or None."""
    row = await tx.first(select(consoles).where(_t.token_sha256 == token_sha256))
    return None if row is None else _console(row)


async def list_consoles(tx: Transaction, ids: Sequence[str]) -> list[Console]:
    """Some consoles."""
    rows = await tx.all(select(consoles).where(_t.id.in_(ids))) if ids else []
    return [_console(row) for row in rows]


async def list_waiting(tx: Transaction, server_id: str) -> list[Console]:
    """The consoles of a server whose token nobody used, the newest first."""
    query = select(consoles).where(_t.server_id == server_id, _t.opened_at.is_(None))
    return [_console(row) for row in await tx.all(query.order_by(_t.created_at.desc(), _t.id))]


async def list_older(
    tx: Transaction, now: datetime.datetime, lease: datetime.timedelta
) -> list[str]:
    """Ids of consoles that expired unused, or that no process has renewed for a while.

    What happened long after now was before the clock was set back: its age is not known.
    """
    named = {"now": now, "earlier": now - lease, "later": now + lease}
    return [str(row.id) for row in await tx.all(_OLDER, named)]


async def count_open(tx: Transaction, **equal: str) -> int:
    """How many sessions are open where some columns have these values."""
    query = select(func.count()).select_from(consoles).where(_t.opened_at.is_not(None))
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    return int(await tx.scalar(query))


async def update_consoles(tx: Transaction, ids: Sequence[str], **values: Any) -> None:
    """Change columns of some consoles."""
    await tx.run(update(consoles).where(_t.id.in_(ids)).values(**values))


async def delete_console(tx: Transaction, id: str) -> None:
    """Remove a console. Repeatable."""
    await tx.run(delete(consoles).where(_t.id == id))
