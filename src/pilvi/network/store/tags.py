"""Rows of tags, of whatever resource."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, insert, select

from pilvi.core.db import Prepared, Transaction
from pilvi.network.store.tables import tags

_OF_SOME = tags.c.resource_id.in_(bindparam("ids", expanding=True))
_LIST = Prepared(select(tags).where(_OF_SOME).order_by(tags.c.tag))
_FORGET = Prepared(delete(tags).where(_OF_SOME))


async def list_tags(tx: Transaction, ids: Sequence[str]) -> dict[str, list[str]]:
    """The tags of some resources, sorted; those without have no entry."""
    found: dict[str, list[str]] = {}
    if ids:
        for row in await tx.all(_LIST, {"ids": list(ids)}):
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
        await tx.run(_FORGET, {"ids": list(ids)})
