"""Rows of routers."""

import pytest

from network.inserts import insert_network, insert_router
from pilvi.core.db import Database
from pilvi.errors import NotFound
from pilvi.network.store import routers
from pilvi.network.store.listing import Listing


async def test_routers_are_their_projects_own(db: Database) -> None:
    async with db.write() as tx:
        mine = await insert_router(tx, routes=[("10.0.0.0/8", "10.9.0.1")])
        theirs = await insert_router(tx, project_id="q")
        gone = await insert_router(tx, is_deleting=True)
        found, _ = await routers.list_routers(tx, Listing(project_id="p"))
        assert [router.id for router in found] == [mine]
        assert found[0].routes == [("10.0.0.0/8", "10.9.0.1")]
        for id in (theirs, gone):
            with pytest.raises(NotFound):
                await routers.get_router(tx, id, "p")
        assert await routers.is_router_of_another(tx, theirs, "p")
        assert not await routers.is_router_of_another(tx, mine, "p")
        assert (await routers.find_router(tx, gone)) is not None


async def test_routers_by_their_gateway_and_their_generation(db: Database) -> None:
    async with db.write() as tx:
        outside = await insert_network(tx, 1, is_external=True)
        one = await insert_router(tx, external_network_id=outside, applied_generation=1)
        two = await insert_router(tx, external_network_id=outside, applied_generation=1)
        await insert_router(tx, applied_generation=1)
        assert {r.id for r in await routers.list_routers_to(tx, outside)} == {one, two}
        assert [r.id for r in await routers.list_routers_to(tx, outside, [two])] == [two]
        await routers.raise_generation(tx, [one])
        assert await routers.list_unapplied(tx) == [one]
        await routers.update_router(tx, one, external_network_id=None, host_id="h")
        assert (await routers.get_router(tx, one, None)).host_id == "h"
        await routers.delete_router(tx, one)
        assert await routers.find_router(tx, one) is None


async def test_routers_that_hosts_carry_and_may_lose(db: Database) -> None:
    async with db.write() as tx:
        free = await insert_router(tx, host_id="a")
        pinned = await insert_router(tx, host_id="a", pinned_host_id="b")
        parked = await insert_router(tx, host_id="a", is_parked=True)
        assert [r.id for r in await routers.list_routers_on(tx, "a")] == [free]
        assert [r.id for r in await routers.list_routers_on(tx, "b")] == [pinned]
        assert (await routers.get_router(tx, parked, None)).wanted_host_id is None
        assert await routers.list_movable(tx, []) == []
        assert await routers.list_movable(tx, ["a", "b"]) == [free]
        assert await routers.release_pins(tx, "b") == [pinned]
        assert set(await routers.list_movable(tx, ["a"])) == {free, pinned}


async def test_routers_are_of_flavors(db: Database) -> None:
    async with db.write() as tx:
        router = await insert_router(tx, flavor_id="f")
        assert await routers.is_flavor_used(tx, "f") and not await routers.is_flavor_used(tx, "g")
        await routers.update_router(tx, router, is_deleting=True)
        assert not await routers.is_flavor_used(tx, "f")
