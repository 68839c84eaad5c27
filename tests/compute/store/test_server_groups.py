"""Rows of server groups, on both databases."""

import pytest

from compute.blanks import blank_server
from pilvi.compute.model.server_group import Policy, ServerGroup
from pilvi.compute.store import server_groups as store
from pilvi.compute.store import servers
from pilvi.core.db import Database, now
from pilvi.errors import NotFound


def make(id: str, project: str = "p", user: str = "u") -> ServerGroup:
    return ServerGroup(
        id=id,
        project_id=project,
        user_id=user,
        name="web",
        policy=Policy.ANTI_AFFINITY,
        max_server_per_host=3,
        created_at=now(),
    )


async def test_groups_belong_to_projects(db: Database) -> None:
    first, other = make("g1"), make("g2", "q", "v")
    async with db.write() as tx:
        await store.insert_server_group(tx, first)
        await store.insert_server_group(tx, other)
        assert await store.get_server_group(tx, "g1", "p") == first
        with pytest.raises(NotFound):
            await store.get_server_group(tx, "g1", "q")
        assert await store.list_server_groups(tx, "p") == [first]
        assert await store.list_server_groups(tx, None, offset=1, limit=5) == [other]
        assert await store.list_server_groups(tx, None, limit=1) == [first]
        assert await store.count_server_groups(tx, "p") == 1
        assert await store.count_server_groups(tx, "p", "v") == 0


async def test_members_are_servers_that_live(db: Database) -> None:
    one, two = blank_server(host_id="h"), blank_server(deleted_at=now())
    async with db.write() as tx:
        await store.insert_server_group(tx, make("g1"))
        for server in (one, two):
            await servers.insert_server(tx, server)
            await store.insert_member(tx, "g1", server.id)
        assert await store.list_members(tx, ["g1"]) == {"g1": [(one.id, "h")]}
        found = await store.find_group_of(tx, one.id)
        assert found is not None and found.id == "g1"
        await store.delete_server_group(tx, "g1")
        assert await store.find_group_of(tx, one.id) is None
