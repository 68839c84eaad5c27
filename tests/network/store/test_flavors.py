"""Rows of flavors and service profiles."""

import pytest

from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict, NotFound
from pilvi.network.model.flavor import L3_SERVICE
from pilvi.network.store import flavors
from pilvi.network.store.listing import Listing

ANY_ORDER = Page(limit=None, sorts=())


async def test_flavors_have_profiles_in_the_order_of_binding(db: Database) -> None:
    async with db.write() as tx:
        await flavors.insert_flavor(tx, id="f", name="n", service_type=L3_SERVICE)
        await flavors.insert_flavor(tx, id="g", service_type=L3_SERVICE, is_enabled=False)
        for id in ("p2", "p1"):
            await flavors.insert_profile(tx, id=id, metainfo=id)
            await flavors.bind_profile(tx, "f", id)
        flavor = await flavors.get_flavor(tx, "f")
        assert (flavor.name, flavor.is_enabled, flavor.profile_ids) == ("n", True, ("p2", "p1"))
        for values, expected in (
            ({"service_profiles": ["p1"]}, ["f"]),
            ({"enabled": ["false"]}, ["g"]),
        ):
            found, _ = await flavors.list_flavors(
                tx, Listing(project_id=None, page=ANY_ORDER, values=values)
            )
            assert [one.id for one in found] == expected
        assert await flavors.is_profile_used(tx, "p2")
        await flavors.unbind_profile(tx, "f", "p2")
        assert not await flavors.is_profile_used(tx, "p2")
        await flavors.update_flavor(tx, "f", name="m")
        assert (await flavors.get_flavor(tx, "f")).name == "m"
        await flavors.delete_flavor(tx, "f")
        assert not await flavors.is_profile_used(tx, "p1")
        with pytest.raises(NotFound):
            await flavors.get_flavor(tx, "f")


async def test_profiles_are_found_changed_and_deleted(db: Database) -> None:
    async with db.write() as tx:
        await flavors.insert_flavor(tx, id="f", service_type=L3_SERVICE)
        await flavors.insert_profile(tx, id="p", driver="d")
        await flavors.insert_profile(tx, id="q", metainfo="m")
        listing = Listing(
            project_id=None, page=Page(limit=None, sorts=()), values={"driver": ["d"]}
        )
        found, _ = await flavors.list_profiles(tx, listing)
        assert [one.id for one in found] == ["p"]
        await flavors.update_profile(tx, "p", is_enabled=False)
        assert not (await flavors.get_profile(tx, "p")).is_enabled
        await flavors.delete_profile(tx, "q")
        with pytest.raises(NotFound):
            await flavors.get_profile(tx, "q")
        await flavors.bind_profile(tx, "f", "p")
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await flavors.bind_profile(tx, "f", "p")
