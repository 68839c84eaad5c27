"""Rows of volumes that are offered."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select

from pilvi.block_storage.model.transfer import Transfer
from pilvi.block_storage.store.tables import transfers
from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page

_t = transfers.c
_COLUMNS = tuple(one.name for one in fields(Transfer))
SORT_COLUMNS = {
    "created_at": _t.created_at,
    "id": _t.id,
    "name": _t.name,
    "volume_id": _t.volume_id,
}


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(**{name: getattr(row, name) for name in _COLUMNS})


async def insert_transfer(tx: Transaction, transfer: Transfer) -> None:
    """Add an offer. Raises `Conflict` when its volume is offered already."""
    await tx.run(insert(transfers).values(**{name: getattr(transfer, name) for name in _COLUMNS}))


async def find_transfer(
    tx: Transaction, project_id: str | None = None, **equal: Any
) -> Transfer | None:
    """The offer of a project (None: of any) with these values, or None."""
    if project_id is not None:
        equal["project_id"] = project_id
    values = {f"of_{name}": value for name, value in equal.items()}
    row = await tx.first(_find_query(tuple(equal)), values)
    return None if row is None else _transfer(row)


@cache
def _find_query(names: tuple[str, ...]) -> Prepared:
    return Prepared(select(transfers).where(*(_t[n] == bindparam(f"of_{n}") for n in names)))


async def list_transfers(
    tx: Transaction, equal: Mapping[str, Any], page: Page, offset: int = 0
) -> tuple[list[Transfer], bool]:
    """One page of the offers with these values, and whether more follow."""
    query = select(transfers).offset(offset or None)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    rows, more = await read_page(tx, query, transfers, page, SORT_COLUMNS)
    return [_transfer(row) for row in rows], more


async def delete_transfer(tx: Transaction, id: str) -> None:
    """Remove an offer. Repeatable."""
    await tx.run(delete(transfers).where(_t.id == id))
