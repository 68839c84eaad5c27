"""Paging by key: a page begins after its marker's row, however many rows a page away."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_

from pilvi.core.db.engine import Rows, Transaction
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest


async def read_page(
    tx: Transaction,
    query: Select[Any],
    table: Table,
    page: Page,
    columns: Mapping[str, ColumnElement[Any]],
) -> tuple[Rows, bool]:
    """The rows of one page of `query` over `table`, and whether more follow.

    `columns` names what the API lets callers sort by; `table.c.id` always breaks ties. Raises
    `InvalidRequest` for an unknown sort key or a marker that the query does not hold.
    """
    orders: list[tuple[ColumnElement[Any], bool]] = []
    for key, descending in page.sorts:
        if key not in columns:
            known = ", ".join(sorted(columns))
            raise InvalidRequest(f"cannot sort by '{key}'; use one of: {known}")
        orders.append((columns[key], descending))
    orders.append((table.c.id, orders[-1][1] if orders else False))
    if page.marker is not None:
        query = query.where(await _after_marker(tx, query, table, page.marker, orders))
    query = query.order_by(
        *(
            column.desc().nulls_last() if descending else column.asc().nulls_first()
            for column, descending in orders
        )
    )
    if page.limit is None:
        return await tx.all(query), False
    rows = await tx.all(query.limit(page.limit + 1))
    return rows[: page.limit], len(rows) > page.limit


async def _after_marker(
    tx: Transaction,
    query: Select[Any],
    table: Table,
    marker: str,
    orders: list[tuple[ColumnElement[Any], bool]],
) -> ColumnElement[bool]:
    """The condition that a row sorts after the marker's row (nulls sort lowest)."""
    columns = [column for column, _ in orders]
    found = await tx.first(
        query.with_only_columns(*columns, maintain_column_froms=True).where(table.c.id == marker)
    )
    if found is None:
        raise InvalidRequest(f"cannot find the marker '{marker}' in this list")
    branches: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for (column, descending), value in zip(orders, found, strict=True):
        branches.append(and_(*equal, _beyond(column, value, descending)))
        equal.append(column.is_(None) if value is None else column == value)
    return or_(*branches)


def _beyond(column: ColumnElement[Any], value: Any, descending: bool) -> ColumnElement[bool]:
    if descending:
        if value is None:
            return column.is_(None) & column.is_not(None)
        return or_(column < value, column.is_(None))
    return column.is_not(None) if value is None else column > value
