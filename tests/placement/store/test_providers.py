"""Rows of providers."""

import pytest

from pilvi.core.db import Database
from pilvi.errors import Conflict, NotFound
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import ProviderId
from pilvi.placement.store import providers

ONE, TWO = ProviderId("one"), ProviderId("two")


async def test_rows_come_and_are_found(db: Database) -> None:
    async with db.write() as tx:
        await providers.insert_provider(tx, TWO, "b")
        await providers.insert_provider(tx, ONE, "a")
        assert [p.id for p in await providers.list_providers(tx)] == [ONE, TWO]
        assert [p.id for p in await providers.list_providers(tx, name="b")] == [TWO]
        assert (await providers.get_provider(tx, ONE)).generation == 0
        assert await providers.find_provider(tx, "three") is None
        with pytest.raises(NotFound):
            await providers.get_provider(tx, "three")


async def test_a_stale_generation_is_refused(db: Database) -> None:
    async with db.write() as tx:
        await providers.insert_provider(tx, ONE, "a")
        read = await providers.get_provider(tx, ONE)
        await providers.raise_generation(tx, read, name="c")
        assert (await providers.get_provider(tx, ONE)).name == "c"
        with pytest.raises(Conflict):
            await providers.raise_generation(tx, read)


async def test_inventories_and_traits_are_replaced_whole(db: Database) -> None:
    async with db.write() as tx:
        for id in (ONE, TWO):
            await providers.insert_provider(tx, id, id)
        cpus, disk = Inventory("VCPU", 4, allocation_ratio=4.0), Inventory("DISK_GB", 9)
        await providers.replace_inventories(tx, ONE, [cpus, disk])
        await providers.replace_inventories(tx, ONE, [disk])
        await providers.replace_inventories(tx, TWO, [cpus])
        assert await providers.list_inventories(tx, [ONE]) == {ONE: {"DISK_GB": disk}}
        assert (await providers.list_inventories(tx))[TWO] == {"VCPU": cpus}
        await providers.replace_traits(tx, ONE, ["A", "B"])
        await providers.replace_traits(tx, ONE, ["B", "C"])
        assert await providers.list_traits(tx) == {ONE: {"B", "C"}}
        assert await providers.list_traits(tx, [TWO]) == {}


async def test_aggregates_and_traits_by_who_gave_them(db: Database) -> None:
    async with db.write() as tx:
        await providers.insert_provider(tx, ProviderId("p"), "rack", follows_host=False)
        await providers.replace_aggregates(tx, "p", ["y", "x", "x"])
        await providers.replace_aggregates(tx, "p", ["x"])
        assert await providers.list_aggregates(tx) == {"p": {"x"}}
        await providers.replace_traits(tx, "p", ["REPORTED"], ["REPORTED", "ADDED"])
        assert await providers.list_traits(tx) == {"p": {"REPORTED", "ADDED"}}
        assert await providers.list_reported_traits(tx, "p") == {"REPORTED"}
        await providers.delete_provider(tx, "p")
        assert (await providers.list_aggregates(tx), await providers.list_providers(tx)) == ({}, [])
