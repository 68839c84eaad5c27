"""Rows of the tables that need no more than to be kept: one by its id, many by their columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import NotFound

ALL = Page(limit=None, sorts=(("id", False),))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a list are asked for."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    """Values by column; None asks for rows without one."""
    like: Sequence[tuple[str, str, str]] = ()
    """Column, comparison (`icontains`, `istartswith`, `iendswith`), text."""
    page: Page = ALL


async def insert_row(tx: Transaction, table: Table, **values: Any) -> None:
    """Add a row. Raises `Conflict` when it is not unique or names what is not there."""
    await tx.run(insert(table).values(**values))


async def get_row(tx: Transaction, table: Table, id: str, noun: str) -> Row[Any]:
    """The row of an id. Raises `NotFound`, in which it is called a `noun`."""
    row = await tx.first(select(table).where(table.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the {noun} '{id}'")
    return row


async def list_rows(tx: Transaction, table: Table, **equal: Any) -> Sequence[Row[Any]]:
    """The rows whose columns have the given values."""
    query = _list_query(table, tuple((name, value is None) for name, value in equal.items()))
    named = {f"of_{name}": value for name, value in equal.items() if value is not None}
    return await tx.all(query, named)


@cache
def _list_query(table: Table, names: tuple[tuple[str, bool], ...]) -> Prepared:
    """By name of each column, and whether it must have no value."""
    query = select(table).order_by(*table.primary_key.columns)
    for name, is_none in names:
        column = table.c[name]
        query = query.where(column.is_(None) if is_none else column == bindparam(f"of_{name}"))
    return Prepared(query)


async def list_page(
    tx: Transaction, table: Table, wanted: Wanted, *conditions: ColumnElement[bool]
) -> tuple[Sequence[Row[Any]], bool]:
    """One page of a list, and whether more follow."""
    query = choose(select(table).where(*conditions), table, wanted)
    columns = {name: table.c[name] for name in ("id", "name") if name in table.c}
    return await read_page(tx, query, table, wanted.page, columns)


def choose(query: Select[Any], table: Table, wanted: Wanted) -> Select[Any]:
    """A query over a table narrowed to the rows that are asked for."""
    for name, value in wanted.equal.items():
        column = table.c[name]
        query = query.where(column.is_(None) if value is None else column == value)
    for name, comparison, text in wanted.like:
        compare = getattr(table.c[name], comparison)
        query = query.where(compare(text, autoescape=True))
    return query


async def update_row(tx: Transaction, table: Table, id: str, **values: Any) -> None:
    """Change columns of a row."""
    if values:
        await tx.run(update(table).where(table.c.id == id).values(**values))


async def delete_rows(tx: Transaction, table: Table, **equal: Any) -> int:
    """Remove the rows whose columns have the given values; returns how many went."""
    conditions = [table.c[name] == value for name, value in equal.items()]
    assert conditions, "a table is never emptied"
    return await tx.run(delete(table).where(*conditions))
