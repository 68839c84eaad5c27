"""Prepared queries: the same rows as SQLAlchemy's own execution, on both databases."""

import datetime
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, MetaData, String, Table, bindparam, insert, literal, select

from pilvi.core.db import Database, Json, PreparedQuery, Time
from pilvi.core.db.engine import SqliteDatabase
from pilvi.errors import InvalidRequest, Unavailable

MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=datetime.UTC)
DOMAINS = Table(
    "identity_domains",
    MetaData(),
    Column("id", String),
    Column("name", String),
    Column("description", String),
    Column("enabled", Boolean),
)
VALUES = select(
    bindparam("moment", type_=Time).label("moment"),
    bindparam("value", type_=Json).label("value"),
    literal("fixed").label("word"),
    bindparam("kept", value="as made", type_=String).label("kept"),
)


@pytest.mark.parametrize("value", [None, {"a": [1, "ä"]}, [], "text"])
async def test_types_go_both_ways_as_without(db: Database, value: Any) -> None:
    given = {"moment": MOMENT, "value": value}
    async with db.read() as tx:
        plain = await tx.all(VALUES, given)
        prepared = await tx.all(PreparedQuery(VALUES), given)
    assert [tuple(row) for row in prepared] == [tuple(row) for row in plain]
    assert tuple(prepared[0]) == (MOMENT, value, "fixed", "as made")
    assert prepared[0].moment == MOMENT


async def test_rows_of_a_table_by_name(db: Database) -> None:
    query = PreparedQuery(
        select(DOMAINS.c.id, DOMAINS.c.name.label("title"), DOMAINS.c.enabled)
        .where(DOMAINS.c.description == bindparam("wanted"), DOMAINS.c.enabled.is_(True))
        .order_by(DOMAINS.c.id)
    )
    async with db.write() as tx:
        for id, wanted, enabled in (("a", "x", 1), ("b", "y", 1), ("c", "x", 1), ("d", "x", 0)):
            row = {"id": id, "name": f"net {id}", "description": wanted, "enabled": bool(enabled)}
            await tx.run(insert(DOMAINS), row)
    async with db.read() as tx:
        rows = await tx.all(query, {"wanted": "x"})
        assert [(row.id, row.title) for row in rows] == [("a", "net a"), ("c", "net c")]
        assert rows[0].enabled is True
        assert await tx.first(query, {"wanted": "z"}) is None
        assert await tx.scalar(query, {"wanted": "y"}) == "b"


async def test_what_the_driver_refuses_is_an_error_of_the_list(db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        return
    absent = Table("no_such_table", MetaData(), Column("id", String))
    async with db.read() as tx:
        with pytest.raises(Unavailable):
            await tx.all(PreparedQuery(select(absent.c.id)), {})
        with pytest.raises(InvalidRequest):
            await tx.all(PreparedQuery(select(bindparam("n").label("n"))), {"n": 2**70})
