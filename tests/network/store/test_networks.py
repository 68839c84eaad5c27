"""Rows of networks."""

import pytest

from network.inserts import insert_network
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.network.store import networks
from pilvi.network.store.listing import Listing


async def test_a_project_sees_its_own_shared_and_external(db: Database) -> None:
    async with db.write() as tx:
        mine = await insert_network(tx, 1, project_id="p")
        hidden = await insert_network(tx, 2, project_id="q")
        shared = await insert_network(tx, 3, project_id="q", is_shared=True)
        outside = await insert_network(tx, 4, project_id="q", is_external=True)
        gone = await insert_network(tx, 5, project_id="p", is_deleting=True)
    async with db.read() as tx:
        found, more = await networks.list_networks(tx, Listing(project_id="p"))
        assert {one.id for one in found} == {mine, shared, outside} and not more
        everything, _ = await networks.list_networks(tx, Listing(project_id=None))
        assert {one.id for one in everything} == {mine, hidden, shared, outside}
        usable = await networks.list_usable_networks(tx, "p")
        assert {one.id for one in usable} == {mine, shared}
        for id in (hidden, gone):
            with pytest.raises(NotFound):
                await networks.get_network(tx, id, "p")
        assert (await networks.find_network(tx, gone, deleting=True)) is not None


async def test_filters_are_any_of_and_all_kinds(db: Database) -> None:
    async with db.write() as tx:
        for number, name in enumerate(("a", "b", "c"), 1):
            await insert_network(tx, number, name=name, is_shared=name == "c")

    async def names(**values: list[str]) -> list[str]:
        page = Page(limit=None, sorts=(("name", False),))
        listing = Listing(project_id=None, page=page, values=values)
        async with db.read() as tx:
            found, _ = await networks.list_networks(tx, listing)
        return [one.name for one in found]

    assert await names(name=["a", "c"]) == ["a", "c"]
    assert await names(name=["a", "c"], shared=["True"]) == ["c"]
    assert await names(shared=["false"], mtu=["1450"]) == ["a", "b"]
    assert await names(status=["active"]) == ["a", "b", "c"]
    assert await names(status=["DOWN"]) == []
    for wrong in ({"color": ["red"]}, {"shared": ["perhaps"]}, {"mtu": ["x"]}):
        with pytest.raises(InvalidRequest):
            await names(**wrong)


async def test_pages_go_on_after_their_marker(db: Database) -> None:
    async with db.write() as tx:
        for number in range(1, 6):
            await insert_network(tx, number, name=f"n{number}")
    names, marker = [], None
    async with db.read() as tx:
        while True:
            page = Page(limit=2, marker=marker, sorts=(("name", True),))
            found, more = await networks.list_networks(tx, Listing(project_id=None, page=page))
            names += [one.name for one in found]
            if not more:
                break
            marker = found[-1].id
    assert names == ["n5", "n4", "n3", "n2", "n1"]


async def test_segments_are_chosen_and_unique(db: Database) -> None:
    async with db.write() as tx:
        assert await networks.choose_segment(tx) == 1
        await insert_network(tx, 7)
        assert await networks.choose_segment(tx) == 8
        assert await networks.is_segment_taken(tx, 7)
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await insert_network(tx, 7)
    async with db.write() as tx:
        await insert_network(tx, networks.SEGMENT_MAX)
        assert await networks.choose_segment(tx) == 1


async def test_generations_tell_what_is_not_applied(db: Database) -> None:
    async with db.write() as tx:
        id = await insert_network(tx, 1, applied_generation=1)
        assert await networks.list_unapplied(tx) == []
        await networks.raise_generation(tx, [id])
        assert await networks.list_unapplied(tx) == [id]
        await networks.delete_network(tx, id)
        assert await networks.list_networks_by_id(tx, [id]) == {}
