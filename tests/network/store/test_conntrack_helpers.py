"""Rows of conntrack helpers of routers."""

import pytest

from network.inserts import common, insert_router
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import NotFound
from pilvi.network.store import conntrack_helpers as store
from pilvi.network.store import routers
from pilvi.network.store.listing import Listing

ANY_ORDER = Page(limit=None, sorts=())


async def test_helpers_are_found_under_their_router_and_go_with_it(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_router(tx), await insert_router(tx)
        row = common(router_id=one, helper="ftp", protocol="tcp", port=21)
        await store.insert_helper(tx, **row)
        id = str(row["id"])
        await store.update_helper(tx, id, port=2121)
        assert (await store.get_helper(tx, one, id)).port == 2121
        with pytest.raises(NotFound):
            await store.get_helper(tx, two, id)
        values = {"router_id": [one], "port": ["2121"]}
        found, _ = await store.list_helpers(
            tx, Listing(page=ANY_ORDER, project_id=None, values=values)
        )
        assert [helper.id for helper in found] == [id]
        assert await store.list_of_router(tx, two) == []
        await store.delete_helper(tx, id)
        await store.insert_helper(tx, **row)
        await routers.delete_router(tx, one)
        assert await store.list_of_router(tx, one) == []
