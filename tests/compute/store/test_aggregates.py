"""Rows of aggregates, on both databases."""

import pytest

from compute.blanks import blank_server
from pilvi.compute.store import aggregates as store
from pilvi.compute.store import servers
from pilvi.compute.store.host_use import list_use
from pilvi.core.db import Database, Transaction, now
from pilvi.errors import Conflict, NotFound


async def insert(tx: Transaction, name: str, zone: str | None) -> int:
    values = {"metadata": {"a": "b"}, "created_at": now(), "updated_at": None}
    await store.insert_aggregate(tx, id=f"id-{name}", name=name, availability_zone=zone, **values)
    found = await store.find_aggregate_by_name(tx, name)
    assert found is not None
    return found.number


async def test_aggregates_hold_hosts(db: Database) -> None:
    async with db.write() as tx:
        north, plain = await insert(tx, "one", "north"), await insert(tx, "two", None)
        for number in (north, plain):
            await store.insert_host(tx, number, "h1")
        assert await store.list_zones(tx) == {"h1": "north"}
        assert [one.host_ids for one in await store.list_aggregates(tx)] == [("h1",), ("h1",)]
        await store.delete_host(tx, plain, "h1")
        assert (await store.get_aggregate(tx, plain)).host_ids == ()
        await store.update_aggregate(tx, north, name="new")
        assert (await store.get_aggregate(tx, north)).metadata == {"a": "b"}
        await store.delete_host_everywhere(tx, "h1")
        assert await store.list_zones(tx) == {}
        await store.delete_aggregate(tx, north)
        with pytest.raises(NotFound):
            await store.get_aggregate(tx, north)
        assert await store.find_aggregate_by_name(tx, "new") is None


async def test_names_are_unique(db: Database) -> None:
    async with db.write() as tx:
        await insert(tx, "one", None)
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await insert(tx, "one", None)


async def test_what_servers_on_hosts_asked_for_and_use(db: Database) -> None:
    pinned = blank_server(host_id="h", availability_zone="north")
    free = blank_server(host_id="h", project_id="q")
    async with db.write() as tx:
        for server in (pinned, free, blank_server(availability_zone="south")):
            await servers.insert_server(tx, server)
        assert await store.list_pinned_zones(tx) == [("h", "north")]
        used = await list_use(tx, "h")
    flavor = free.flavor
    assert used["q"] == (flavor.vcpus, flavor.memory_mib, flavor.disk_gib + flavor.ephemeral_gib)
    assert set(used) == {pinned.project_id, "q"}
