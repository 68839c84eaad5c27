"""Rows of tags."""

from network.inserts import insert_network
from pilvi.core.db import Database
from pilvi.network.store import networks, tags
from pilvi.network.store.listing import Listing


async def test_tags_are_replaced_and_filter_lists(db: Database) -> None:
    async with db.write() as tx:
        one, two = await insert_network(tx, 1), await insert_network(tx, 2)
        await tags.replace_tags(tx, one, ["red", "blue", "red"])
        await tags.replace_tags(tx, two, ["red", "Blue"])
        assert await tags.list_tags(tx, [one, two]) == {
            one: ["blue", "red"],
            two: ["Blue", "red"],
        }

        async def found(**values: list[str]) -> set[str]:
            names = {name.replace("_", "-"): value for name, value in values.items()}
            rows, _ = await networks.list_networks(tx, Listing(project_id=None, values=names))
            return {str(row.id) for row in rows}

        assert await found(tags=["red,blue"]) == {one}
        assert await found(tags_any=["blue", "Blue"]) == {one, two}
        assert await found(not_tags=["red,blue"]) == {two}
        assert await found(not_tags_any=["red"]) == set()
        await tags.replace_tags(tx, one, [])
        await tags.delete_tags(tx, [two])
        assert await tags.list_tags(tx, [one, two]) == {}
