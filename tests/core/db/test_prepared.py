"""Prepared statements: the same rows as SQLAlchemy's own execution, on both databases."""

import datetime
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import InvalidRequestError, StatementError

from pilvi.core.db import Database, Json, Prepared, Time
from pilvi.core.db.engine import SqliteDatabase
from pilvi.core.db.prepared import FORMS_MAX
from pilvi.errors import Conflict, InvalidRequest, Unavailable

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
        prepared = await tx.all(Prepared(VALUES), given)
    assert [tuple(row) for row in prepared] == [tuple(row) for row in plain]
    assert tuple(prepared[0]) == (MOMENT, value, "fixed", "as made")
    assert prepared[0].moment == MOMENT


async def test_rows_of_a_table_by_name(db: Database) -> None:
    query = Prepared(
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
            await tx.all(Prepared(select(absent.c.id)), {})
        with pytest.raises(InvalidRequest):
            await tx.all(Prepared(select(bindparam("n").label("n"))), {"n": 2**70})


async def _add_some(db: Database) -> None:
    async with db.write() as tx:
        for id in "abcd":
            row = {"id": id, "name": id.upper(), "description": "made", "enabled": True}
            await tx.run(insert(DOMAINS), row)


async def test_lists_of_any_length(db: Database) -> None:
    await _add_some(db)
    chosen = DOMAINS.c.id.in_(bindparam("ids", expanding=True))
    query = Prepared(select(DOMAINS.c.name).where(chosen, DOMAINS.c.enabled.is_(True)))
    async with db.read() as tx:
        for ids in (["a"], [], ["d", "b"], ["a", "b", "c", "none"], ["c"]):
            rows = await tx.all(query, {"ids": ids})
            assert {row.name for row in rows} == {id.upper() for id in ids if id != "none"}


async def test_an_update_sets_the_columns_that_are_named(db: Database) -> None:
    await _add_some(db)
    change = Prepared(update(DOMAINS).where(DOMAINS.c.id == bindparam("of_id")))
    async with db.write() as tx:
        assert await tx.run(change, {"of_id": "a", "name": "new"}) == 1
        assert await tx.run(change, {"of_id": "b", "enabled": False, "description": "off"}) == 1
        assert await tx.run(change, {"of_id": "none", "enabled": False}) == 0
    async with db.read() as tx:
        rows = await tx.all(select(DOMAINS).where(DOMAINS.c.id.in_(["a", "b"])).order_by("id"))
    assert [tuple(row) for row in rows] == [
        ("a", "new", "made", True),
        ("b", "B", "off", False),
    ]


async def test_what_a_change_returns(db: Database) -> None:
    await _add_some(db)
    chosen = DOMAINS.c.id.in_(bindparam("ids", expanding=True))
    gone = Prepared(delete(DOMAINS).where(chosen).returning(DOMAINS.c.id, DOMAINS.c.enabled))
    async with db.write() as tx:
        rows = await tx.all(gone, {"ids": ["a", "c", "none"]})
    assert sorted((row.id, row.enabled) for row in rows) == [("a", True), ("c", True)]
    assert dict(rows[0]._mapping).keys() == {"id", "enabled"}


async def test_what_must_be_given_is_missed(db: Database) -> None:
    query = Prepared(select(DOMAINS.c.id).where(DOMAINS.c.name == bindparam("wanted")))
    async with db.read() as tx:
        with pytest.raises((InvalidRequestError, StatementError), match="wanted"):
            await tx.all(query, {})


def test_only_so_many_texts_are_kept() -> None:
    chosen = DOMAINS.c.id.in_(bindparam("ids", expanding=True))
    query = Prepared(select(DOMAINS.c.name).where(chosen))
    for length in range(3 * FORMS_MAX):
        assert query.form({"ids": ["x"] * length}).sql.count("?") == length
        assert len(query._forms) <= FORMS_MAX


WITH_DEFAULTS = Table(
    "identity_domains",
    MetaData(),
    Column("id", String),
    Column("name", String),
    Column("description", String, default="by itself"),
    Column("enabled", Boolean, default=lambda: False),
    Column("epoch", Integer, default=7),
)


async def test_inserts_of_one_row_and_of_many(db: Database) -> None:
    add = Prepared(insert(WITH_DEFAULTS))
    async with db.write() as tx:
        assert await tx.run(add, {"id": "a", "name": "A", "enabled": True, "epoch": 1}) == 1
        await tx.run(add, [{"id": id, "name": id.upper()} for id in "bcd"])
    async with db.read() as tx:
        rows = await tx.all(select(WITH_DEFAULTS).where(WITH_DEFAULTS.c.name < "E").order_by("id"))
    assert [tuple(row) for row in rows] == [
        ("a", "A", "by itself", True, 1),
        *((id, id.upper(), "by itself", False, 7) for id in "bcd"),
    ]


async def test_an_insert_of_what_is_there_is_a_conflict(db: Database) -> None:
    add = Prepared(insert(WITH_DEFAULTS))
    for rows in ({"id": "a", "name": "A"}, [{"id": "b", "name": "B"}, {"id": "b", "name": "C"}]):
        with pytest.raises(Conflict):
            async with db.write() as tx:
                await tx.run(add, {"id": "a", "name": "first"})
                await tx.run(add, rows)


async def test_an_update_of_many_rows(db: Database) -> None:
    await _add_some(db)
    change = Prepared(update(DOMAINS).where(DOMAINS.c.id == bindparam("of_id")))
    async with db.write() as tx:
        await tx.run(change, [{"of_id": id, "name": f"new {id}"} for id in ("a", "c", "none")])
    async with db.read() as tx:
        rows = await tx.all(select(DOMAINS.c.name).where(DOMAINS.c.description == "made"))
    assert {row.name for row in rows} == {"new a", "B", "new c", "D"}


async def test_no_rows_are_not_a_row_of_defaults(db: Database) -> None:
    for statement in (Prepared(insert(WITH_DEFAULTS)), insert(WITH_DEFAULTS)):
        async with db.write() as tx:
            with pytest.raises(AssertionError):
                await tx.run(statement, [])
