"""Rows of captures on their way."""

from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.store.tables import snapshots
from pilvi.core.db import Prepared, Transaction

_ALL = select(snapshots).order_by(snapshots.c.image_id)
_LIST = {
    False: Prepared(_ALL),
    True: Prepared(_ALL.where(snapshots.c.server_id == bindparam("of_server"))),
}
"""By whether a server is named."""
_FIND = Prepared(select(snapshots).where(snapshots.c.image_id == bindparam("of_image")))


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot(**row._mapping)


async def insert_snapshot(tx: Transaction, snapshot: Snapshot) -> None:
    """Add a capture."""
    values = {name: getattr(snapshot, name) for name in Snapshot.__slots__}
    await tx.run(insert(snapshots).values(**values))


async def find_snapshot(tx: Transaction, image_id: str) -> Snapshot | None:
    """The capture that makes an image, or None."""
    row = await tx.first(_FIND, {"of_image": image_id})
    return None if row is None else _snapshot(row)


async def list_snapshots(tx: Transaction, server_id: str | None = None) -> list[Snapshot]:
    """The captures of one server, or all."""
    named = {} if server_id is None else {"of_server": server_id}
    return [_snapshot(row) for row in await tx.all(_LIST[server_id is not None], named)]


async def count_snapshots(tx: Transaction, server_id: str) -> int:
    """How many captures of a server are on their way."""
    query = select(func.count()).select_from(snapshots)
    return int(await tx.scalar(query.where(snapshots.c.server_id == server_id)))


async def update_snapshot(tx: Transaction, image_id: str, **values: Any) -> None:
    """Change columns of a capture."""
    await tx.run(update(snapshots).where(snapshots.c.image_id == image_id).values(**values))


async def delete_snapshot(tx: Transaction, image_id: str) -> None:
    """Remove a capture. Repeatable."""
    await tx.run(delete(snapshots).where(snapshots.c.image_id == image_id))
