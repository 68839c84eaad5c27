"""Pages by key hold every row once, on both databases."""

import pytest
from sqlalchemy import insert, select

from pilvi.core.db import Database
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest
from pilvi.identity.store.tables import roles

COLUMNS = {"name": roles.c.name, "description": roles.c.description}


@pytest.mark.parametrize(
    "sorts",
    [
        (("name", False),),
        (("name", True),),
        (("description", False), ("name", True)),
        (("description", True),),
    ],
)
async def test_every_row_once_in_order(db: Database, sorts: tuple[tuple[str, bool], ...]) -> None:
    rows = [{"id": f"id{n}", "name": f"n{n}", "description": str(n % 3)} for n in range(10)]
    async with db.write() as tx:
        await tx.run(insert(roles), rows)
    async with db.read() as tx:
        whole, more = await read_page(
            tx, select(roles), roles, Page(limit=None, sorts=sorts), COLUMNS
        )
        assert not more
        seen: list[str] = []
        marker = None
        while True:
            page = Page(limit=3, marker=marker, sorts=sorts)
            part, more = await read_page(tx, select(roles), roles, page, COLUMNS)
            seen += [row.id for row in part]
            if not more:
                break
            marker = seen[-1]
    assert seen == [row.id for row in whole]
    assert sorted(seen) == [row["id"] for row in rows]


async def test_unknown_key_and_marker_are_refused(db: Database) -> None:
    async with db.read() as tx:
        with pytest.raises(InvalidRequest, match="color"):
            await read_page(tx, select(roles), roles, Page(sorts=(("color", False),)), COLUMNS)
        with pytest.raises(InvalidRequest, match="gone"):
            page = Page(marker="gone", sorts=(("name", False),))
            await read_page(tx, select(roles), roles, page, COLUMNS)
