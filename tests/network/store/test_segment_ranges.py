"""Rows of ranges of segmentation ids, and numbers within and without them."""

import pytest

from network.inserts import common, insert_network
from pilvi.core.db import Database, Transaction
from pilvi.errors import Conflict, NotFound
from pilvi.network.model.network import SEGMENT_MAX
from pilvi.network.store import networks, segment_ranges
from pilvi.network.store.listing import Listing


async def insert_range(tx: Transaction, minimum: int, maximum: int, project_id: str = "") -> str:
    """A range's id; it is shared unless it is a project's."""
    row = common(project_id=project_id, is_shared=not project_id, network_type="vxlan")
    await segment_ranges.insert_range(tx, **row, minimum=minimum, maximum=maximum)
    return str(row["id"])


async def test_ranges_are_the_admins_own(db: Database) -> None:
    async with db.write() as tx:
        high, low = await insert_range(tx, 20, 29), await insert_range(tx, 1, 9, "p")
        assert (await segment_ranges.get_range(tx, low, None)).span == (1, 9)
        with pytest.raises(NotFound):
            await segment_ranges.get_range(tx, low, "p")
        assert [one.id for one in await segment_ranges.list_all(tx)] == [low, high]
        for values, expected in (({"shared": ["true"]}, [high]), ({"minimum": ["1"]}, [low])):
            listing = Listing(project_id=None, values=values)
            found, _ = await segment_ranges.list_ranges(tx, listing)
            assert [one.id for one in found] == expected
        assert await segment_ranges.list_overlapping(tx, 9, 19) == [low]
        assert await segment_ranges.list_overlapping(tx, 10, 19) == []
        await segment_ranges.update_range(tx, low, maximum=10)
        assert (await segment_ranges.get_range(tx, low, None)).maximum == 10
        await segment_ranges.delete_range(tx, low)
        assert [one.id for one in await segment_ranges.list_all(tx)] == [high]


async def test_numbers_in_use_have_an_owner(db: Database) -> None:
    async with db.write() as tx:
        await insert_network(tx, 3, project_id="q")
        await insert_network(tx, 5, network_type="flat")
        await insert_network(tx, 25)
        assert await segment_ranges.list_used(tx, []) == {}
        assert await segment_ranges.list_used(tx, [(1, 9)]) == {3: "q"}
        assert await segment_ranges.list_used(tx, [(1, 9), (20, 29)]) == {3: "q", 25: "p"}
        assert await networks.list_segments_within(tx, (1, 9)) == {3, 5}


async def test_a_number_is_chosen_outside_of_spans(db: Database) -> None:
    async with db.write() as tx:
        assert await networks.choose_segment(tx, [(1, 9), (10, 19)]) == 20
        await insert_network(tx, 30)
        assert await networks.choose_segment(tx, [(31, 40)]) == 41
        # Where the highest is taken, the lowest that is free is next.
        await insert_network(tx, SEGMENT_MAX)
        assert await networks.choose_segment(tx, [(1, 29)]) == 31
        with pytest.raises(Conflict):
            await networks.choose_segment(tx, [(1, SEGMENT_MAX)])
