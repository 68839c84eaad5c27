"""Rows of flavors, key pairs, quotas, actions and snapshots, on both databases."""

import dataclasses

import pytest

from pilvi.compute.model.flavor import SEEDS
from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.operations.seed import seed_compute
from pilvi.compute.store import actions, flavors, keypairs, quotas, snapshots
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict, InvalidRequest, NotFound

BY_ID = Page(sorts=(("flavorid", False),))


async def test_seeding_twice_is_seeding_once(db: Database) -> None:
    async with db.write() as tx:
        await seed_compute(tx)
        await seed_compute(tx)
        found, more = await flavors.list_flavors(tx, None, BY_ID)
    assert sorted(one.name for one in found) == sorted(one.name for one in SEEDS)
    assert not more


async def test_private_flavors_are_seen_by_those_with_access(db: Database) -> None:
    private = dataclasses.replace(SEEDS[0], id="9", name="mine", is_public=False)
    async with db.write() as tx:
        await flavors.insert_flavor(tx, private)
        assert (await flavors.get_flavor(tx, "9", None)).name == "mine"
        with pytest.raises(NotFound):
            await flavors.get_flavor(tx, "9", "p")
        await flavors.insert_access(tx, "9", "p")
        assert (await flavors.get_flavor(tx, "9", "p")).name == "mine"
        assert await flavors.list_access(tx, "9") == ["p"]
        found, _ = await flavors.list_flavors(tx, "p", BY_ID, min_disk_gib=1, min_memory_mib=512)
        assert [one.id for one in found] == ["9"]
        await flavors.delete_flavor(tx, "9")
        assert await flavors.list_access(tx, "9") == []


async def test_names_of_flavors_and_keys_are_unique(db: Database) -> None:
    async with db.write() as tx:
        await flavors.insert_flavor(tx, SEEDS[0])
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await flavors.insert_flavor(tx, dataclasses.replace(SEEDS[0], id="other"))
    key = {"name": "k", "type": "ssh", "public_key": "x", "fingerprint": "y"}
    async with db.write() as tx:
        await keypairs.insert_keypair(tx, user_id="u", **key)
        await keypairs.insert_keypair(tx, user_id="v", **key)
        assert await keypairs.count_keypairs(tx, "u") == 1
        found, more = await keypairs.list_keypairs(tx, "u", Page(limit=1))
        assert ([one.name for one in found], more) == (["k"], False)
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await keypairs.insert_keypair(tx, user_id="u", **key)


async def test_limits_are_replaced_and_forgotten(db: Database) -> None:
    async with db.write() as tx:
        await quotas.set_limit(tx, "p", "cores", 3)
        await quotas.set_limit(tx, "p", "cores", 4)
        assert await quotas.list_limits(tx, "p") == {"cores": 4}
        await quotas.delete_limits(tx, "p")
        assert await quotas.list_limits(tx, "p") == {}


async def test_records_are_ended_once_and_paged(db: Database) -> None:
    who = {"user_id": "u", "project_id": "p", "server_id": "s"}
    async with db.write() as tx:
        for name in ("create", "stop", "start"):
            await actions.insert_action(tx, request_id=f"req-{name}", action=name, **who)
        await actions.finish_actions(tx, "s", actions.SUCCESS, "h")
        await actions.insert_action(tx, request_id="req-last", action="delete", **who)
        await actions.finish_actions(tx, "s", actions.ERROR, "h", "why")
        first, more = await actions.list_actions(tx, "s", Page(limit=2), None, None)
        assert ([one.action for one in first], more) == (["delete", "start"], True)
        page = Page(limit=2, marker="req-start")
        rest, more = await actions.list_actions(tx, "s", page, None, None)
        assert ([one.action for one in rest], more) == (["stop", "create"], False)
        assert (first[0].result, first[1].result) == ("Error", "Success")
        assert first[0].message == "why"
        with pytest.raises(InvalidRequest):
            await actions.list_actions(tx, "s", Page(marker="nothing"), None, None)
        with pytest.raises(NotFound):
            await actions.get_action(tx, "other", "req-last")


async def test_only_the_newest_records_of_a_server_are_kept(db: Database) -> None:
    who = {"user_id": "u", "project_id": "p", "server_id": "s", "action": "stop"}
    async with db.write() as tx:
        await actions.insert_action(tx, request_id="open", **who)
        for number in range(actions.KEPT_MAX + 20):
            await actions.insert_action(tx, request_id=f"req-{number}", is_over=True, **who)
        await actions.insert_action(tx, request_id="other", **{**who, "server_id": "t"})
        found, _ = await actions.list_actions(tx, "s", Page(limit=None), None, None)
        ids = {one.request_id for one in found}
        assert {"open", f"req-{actions.KEPT_MAX + 19}"} <= ids, "what is not over stays"
        assert len(ids) <= actions.KEPT_MAX + 1 and "req-0" not in ids
        assert (await actions.get_action(tx, "t", "other")).request_id == "other"


async def test_snapshots_are_counted_by_server(db: Database) -> None:
    snapshot = Snapshot("i", "s", "p", "h", "vda", True, "")
    async with db.write() as tx:
        await snapshots.insert_snapshot(tx, snapshot)
        assert await snapshots.count_snapshots(tx, "s") == 1
        await snapshots.update_snapshot(tx, "i", present=False, reason="r")
        found = await snapshots.find_snapshot(tx, "i")
        assert found == dataclasses.replace(snapshot, present=False, reason="r")
        assert await snapshots.list_snapshots(tx, "other") == []
        await snapshots.delete_snapshot(tx, "i")
        assert await snapshots.find_snapshot(tx, "i") is None
