"""Rows of quotas, on both databases."""

from compute.blanks import blank_server
from pilvi.compute.store import quotas as store
from pilvi.compute.store import servers
from pilvi.core.db import Database


async def test_projects_users_and_classes_have_limits_of_their_own(db: Database) -> None:
    async with db.write() as tx:
        await store.set_limit(tx, "p", "cores", 9)
        for limit in (1, 2):
            await store.set_user_limit(tx, "p", "u", "cores", limit)
            await store.set_class_limit(tx, "default", "cores", limit)
        await store.set_user_limit(tx, "p", "v", "cores", 5)
        assert await store.list_limits(tx, "p") == {"cores": 9}
        assert await store.list_user_limits(tx, "p", "u") == {"cores": 2}
        assert await store.list_class_limits(tx) == {"cores": 2}
        assert await store.list_greatest_user_limits(tx, "p") == {"cores": 5}
        await store.delete_user_limits(tx, "p", "v")
        assert await store.list_user_limits(tx, "p", "v") == {}
        await store.delete_limits(tx, "p")
        assert await store.list_user_limits(tx, "p", "u") == {}
        assert await store.list_limits(tx, "p") == {}


async def test_usage_is_of_a_project_or_of_a_user(db: Database) -> None:
    mine, other = blank_server(user_id="u"), blank_server(user_id="v")
    async with db.write() as tx:
        for server in (mine, other):
            await servers.insert_server(tx, server)
        whole = await store.sum_usage(tx, mine.project_id)
        one = await store.sum_usage(tx, mine.project_id, "u")
    assert (whole["instances"], one["instances"]) == (2, 1)
    assert one["ram"] == mine.flavor.memory_mib
