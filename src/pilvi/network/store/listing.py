"""Lists as Neutron's clients ask for them: any column as a filter, repeated values are any of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    exists,
    false,
    func,
    not_,
    select,
    true,
)

from pilvi.core.db import Transaction
from pilvi.core.db.engine import Rows
from pilvi.core.db.paging import read_page
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest
from pilvi.network.store.tables import tags

Condition = Callable[[Sequence[str]], ColumnElement[bool]]
Filters = Mapping[str, Column[Any] | Condition]
"""What a list can be narrowed by: a column that holds the value, or a condition of its own."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which part of a list a caller asks for."""

    project_id: str | None
    """Whose rows; None is everybody's."""
    page: Page = Page(limit=None)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


async def read_list(
    tx: Transaction, query: Select[Any], table: Table, listing: Listing, filters: Filters
) -> tuple[Rows, bool]:
    """One page of a list, and whether more follow. Raises `InvalidRequest`."""
    for name, values in listing.values.items():
        known = filters.get(name)
        if known is None:
            raise InvalidRequest(
                f"cannot filter by '{name}'; use one of: {', '.join(sorted(filters))}"
            )
        query = query.where(
            column_is(known, values) if isinstance(known, Column) else known(values)
        )
    columns = {name: known for name, known in filters.items() if isinstance(known, Column)}
    return await read_page(tx, query, table, listing.page, columns)


def column_is(column: Column[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a column holds any of the values, given as text."""
    return column.in_([_parse(column, value) for value in values])


def _parse(column: Column[Any], value: str) -> Any:
    if isinstance(column.type, Boolean):
        if value.lower() not in _BOOLEANS:
            raise InvalidRequest(f"cannot use '{value}' here; use true or false")
        return _BOOLEANS[value.lower()]
    if isinstance(column.type, Integer):
        number = parse_whole(value.removeprefix("-"))
        if number is None:
            raise InvalidRequest(f"cannot use '{value}' here; it must be a whole number")
        return -number if value.startswith("-") else number
    return value


def constant(value: Any) -> Condition:
    """For what is the same in every row."""
    text = str(value).lower()
    return lambda values: true() if text in [v.lower() for v in values] else false()


def common_filters(table: Table) -> dict[str, Column[Any] | Condition]:
    """What every list can be narrowed by."""
    return {
        "id": table.c.id,
        "project_id": table.c.project_id,
        "tenant_id": table.c.project_id,
        "name": table.c.name,
        "description": table.c.description,
        "revision_number": table.c.generation,
        "created_at": table.c.created_at,
        "updated_at": table.c.updated_at,
        "tags": lambda values: _has_all(table, values),
        "tags-any": lambda values: _has_any(table, values),
        "not-tags": lambda values: not_(_has_all(table, values)),
        "not-tags-any": lambda values: not_(_has_any(table, values)),
    }


def _split(values: Sequence[str]) -> list[str]:
    return sorted({tag for value in values for tag in value.split(",")})


def _has_any(table: Table, values: Sequence[str]) -> ColumnElement[bool]:
    mine = tags.c.resource_id == table.c.id
    return exists(select(tags.c.tag).where(mine, tags.c.tag.in_(_split(values))))


def _has_all(table: Table, values: Sequence[str]) -> ColumnElement[bool]:
    wanted = _split(values)
    mine = tags.c.resource_id == table.c.id
    counted = select(func.count()).where(mine, tags.c.tag.in_(wanted)).scalar_subquery()
    return counted == len(wanted)
