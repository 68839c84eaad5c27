"""Rows that say whether new security groups keep connections in mind."""

import uuid

import pytest

from pilvi.core.db import Database, now
from pilvi.core.paging import Page
from pilvi.errors import NotFound
from pilvi.network.store import default_statefulness as store
from pilvi.network.store.listing import Listing

ANY_ORDER = Page(limit=None, sorts=())


async def test_a_project_sees_its_own_and_everybodys(db: Database) -> None:
    async with db.write() as tx:
        made = {}
        for owner in ("p", "q", None):
            made[owner] = str(uuid.uuid4())
            await store.insert_default(
                tx, id=made[owner], project_id=owner, is_stateful=True, created_at=now()
            )
        found, _ = await store.list_defaults(tx, Listing(page=ANY_ORDER, project_id="p"))
        assert {one.id for one in found} == {made["p"], made[None]}
        with pytest.raises(NotFound):
            await store.get_default(tx, made["q"], "p")
        await store.update_default(tx, made["p"], is_stateful=False)
        mine = await store.find_default_for(tx, "p")
        assert mine is not None and not mine.is_stateful
        values = {"stateful": ["true"]}
        found, _ = await store.list_defaults(
            tx, Listing(page=ANY_ORDER, project_id=None, values=values)
        )
        assert {one.id for one in found} == {made["q"], made[None]}
        await store.delete_default(tx, made[None])
        assert await store.find_default_for(tx, None) is None
