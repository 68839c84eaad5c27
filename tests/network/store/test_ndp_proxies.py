"""Rows of NDP proxies."""

import pytest

from network.inserts import common, insert_network, insert_port, insert_router
from pilvi.core.db import Database
from pilvi.errors import NotFound
from pilvi.network.store import ndp_proxies as store
from pilvi.network.store.listing import Listing


async def test_proxies_by_router_port_and_project(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        router, port = await insert_router(tx), await insert_port(tx, network, "fa:16:3e:00:00:01")
        ids = []
        for number, project in enumerate(("p", "q")):
            address = f"2001:db8::{number}"
            row = common(project_id=project, router_id=router, port_id=port, address=address)
            await store.insert_proxy(tx, **row)
            ids.append(str(row["id"]))
        assert [one.id for one in await store.list_of_router(tx, router)] == ids
        assert {one.id for one in await store.list_of_port(tx, port)} == set(ids)
        found, _ = await store.list_proxies(tx, Listing(project_id="p"))
        assert [one.id for one in found] == ids[:1]
        with pytest.raises(NotFound):
            await store.get_proxy(tx, ids[1], "p")
        await store.update_proxy(tx, ids[1], name="n")
        assert (await store.get_proxy(tx, ids[1], None)).name == "n"
        await store.delete_proxies(tx, ids[:1])
        assert [one.address for one in await store.list_of_port(tx, port)] == ["2001:db8::1"]
