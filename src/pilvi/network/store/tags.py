"""Rows of tags, of whatever resource."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select

from pilvi.core.db import Transaction
from pilvi.network.store.tables import tags


async def list_tags(tx: Transaction, ids: Sequence[str]) -> dict[str, list[str]]:
    """The tags of some resources, sorted; those without have no entry."""
    found: dict[str, list[str]] = {}
    if ids:
        query = select(tags).where(tags.c.resource_id.in_(ids)).order_by(tags.c.tag)
        for row in await tx.all(query):
            found.setdefault(row.resource_id, []).append(row.tag)
    return found


async def replace_tags(tx: Transaction, id: str, wanted: Iterable[str]) -> None:
    """Give a resource exactly these tags. Repeatable."""
    await tx.run(delete(tags).where(tags.c.resource_id == id))
    rows = [{"resource_id": id, "tag": tag} for tag in sorted(set(wanted))]
    if rows:
        await tx.run(insert(tags), rows)


async def delete_tags(tx: Transaction, ids: Sequence[str]) -> None:
    """Forget the tags of resources that go. Repeatable."""
    if ids:
        await tx.run(delete(tags).where(tags.c.resource_id.in_(ids)))
