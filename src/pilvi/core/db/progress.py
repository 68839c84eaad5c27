"""Rows of what is not as wished, of every kind of object."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, Integer, Row, String, Table, Text, bindparam, delete, insert, select

from pilvi.core.db.columns import Time, metadata
from pilvi.core.db.engine import Database, Transaction
from pilvi.core.db.prepared import Prepared
from pilvi.core.reconcile.progress import Progress

progress = Table(
    "reconcile_progress",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("since", Time, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
)
_t = progress.c
_ALL = Prepared(select(progress).order_by(_t.since, _t.id))
_OF_SOME = Prepared(
    select(progress).where(
        _t.kind == bindparam("of_kind"), _t.id.in_(bindparam("ids", expanding=True))
    )
)
_INSERT = Prepared(insert(progress))
_FORGET = Prepared(
    delete(progress).where(_t.kind == bindparam("of_kind"), _t.id == bindparam("of_id"))
)


def _progress(row: Row[Any]) -> Progress:
    return Progress(**row._mapping)


async def list_progress(tx: Transaction, kind: str, ids: Collection[str]) -> dict[str, Progress]:
    """What is known of some objects of a kind that are not as wished, by id."""
    if not ids:
        return {}
    rows = await tx.all(_OF_SOME, {"of_kind": kind, "ids": list(ids)})
    return {row.id: _progress(row) for row in rows}


async def find_progress(tx: Transaction, kind: str, id: str) -> Progress | None:
    """What is known of one object that is not as wished; None also when it is as wished."""
    return (await list_progress(tx, kind, [id])).get(id)


async def list_all_progress(tx: Transaction) -> list[Progress]:
    """Everything that is not as wished, oldest first."""
    return [_progress(row) for row in await tx.all(_ALL)]


class DatabaseProgress:
    """Keeps `ProgressStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list_all(self) -> Sequence[Progress]:
        """Everything that is written down."""
        async with self._db.read() as tx:
            return await list_all_progress(tx)

    async def write(self, changed: Sequence[Progress], gone: Collection[tuple[str, str]]) -> None:
        """Write and forget, in one transaction. Repeatable.

        What says nothing leaves alone what another process, which works on the object, has said.
        """
        names = ("kind", "id", "since", "waits_for", "tries", "last_error")
        async with self._db.write() as tx:
            for kind, id in gone:
                await tx.run(_FORGET, {"of_kind": kind, "of_id": id})
            for one in changed:
                if one.says_nothing and await find_progress(tx, one.kind, one.id) is not None:
                    continue
                await tx.run(_FORGET, {"of_kind": one.kind, "of_id": one.id})
                await tx.run(_INSERT, {name: getattr(one, name) for name in names})
