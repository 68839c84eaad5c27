"""Rows of servers, on both databases."""

import dataclasses
import datetime

import pytest
from sqlalchemy import select

from compute.blanks import blank_server
from compute.store.test_server_groups import make as make_group
from pilvi.compute.model.server import Fault, ServerKey, ServerVolume
from pilvi.compute.model.state import Desired, Observed
from pilvi.compute.store import (
    actions,
    migrations,
    server_groups,
    server_lists,
    servers,
    tables,
)
from pilvi.compute.store.quotas import sum_usage
from pilvi.compute.store.server_lists import ServerFilter
from pilvi.core.db import Database, now
from pilvi.core.paging import Page
from pilvi.errors import NotFound
from pilvi.host_api.vms import Power
from pilvi.network.model import NetworkRequest


async def test_a_server_is_read_as_it_was_written(db: Database) -> None:
    server = blank_server(
        key=ServerKey(name="k", type="ssh", public_key="ssh-x"),
        user_data="aGk=",
        requests=(NetworkRequest(network_id="n", tag="t"),),
        volumes=(ServerVolume(attachment_id="a", volume_id="v", device="vdb", tag="t"),),
        metadata={"a": "ü"},
        tags=("x", "y"),
        desired=Desired(generation=3, power=Power.PAUSED),
        observed=Observed(is_claimed=True, power=Power.RUNNING, boot_generation=2),
        fault=Fault(code=500, message="m", created_at=now()),
        leaving_ports=("p",),
    )
    async with db.write() as tx:
        await servers.insert_server(tx, server)
    async with db.read() as tx:
        assert await servers.get_server(tx, server.id, "project-1") == server
        assert await servers.get_server(tx, server.id, None) == server
        assert await servers.find_server(tx, server.id) == server
        with pytest.raises(NotFound):
            await servers.get_server(tx, server.id, "project-2")


async def test_what_is_in_error_is_counted(db: Database) -> None:
    ill = blank_server(given_up=True)
    async with db.write() as tx:
        assert await servers.count_failed(tx) == 0
        await servers.insert_server(tx, ill)
        assert await servers.count_failed(tx) == 1
        await servers.update_server(tx, ill, deleted_at=now())
        assert await servers.count_failed(tx) == 0


async def test_a_change_derives_what_sql_filters_on(db: Database) -> None:
    server = blank_server()
    async with db.write() as tx:
        await servers.insert_server(tx, server)
        observed = Observed(is_claimed=True, is_launched=True, power=Power.RUNNING)
        changed = await servers.update_server(tx, server, observed=observed)
        assert changed.updated_at > server.updated_at
    running = ServerFilter(project_id=None, equal={"status": ["ACTIVE", "REBOOT", "HARD_REBOOT"]})
    async with db.read() as tx:
        found, _ = await server_lists.list_servers(tx, running, Page())
        assert found == [changed]


async def test_a_deleted_server_is_found_only_by_those_who_ask(db: Database) -> None:
    server = blank_server()
    async with db.write() as tx:
        await servers.insert_server(tx, server)
        gone = dataclasses.replace(server.observed, is_deleted=True)
        await servers.update_server(tx, server, observed=gone, deleted_at=now())
        assert await servers.find_server(tx, server.id) is None
        assert await servers.get_server(tx, server.id, None, with_deleted=True)
        assert await sum_usage(tx, "project-1") == {"instances": 0, "cores": 0, "ram": 0}


async def test_a_server_that_was_deleted_long_ago_is_forgotten_with_all_that_tells_of_it(
    db: Database,
) -> None:
    gone, there = blank_server(tags=("t",)), blank_server(tags=("t",))
    hour = datetime.timedelta(hours=1)
    who = {"user_id": "u", "project_id": "p"}
    moved = {"type": "resize", "status": "confirmed", "source_host_id": "h"}
    flavors = {"old_flavor_id": "1", "new_flavor_id": "2"}
    async with db.write() as tx:
        await server_groups.insert_server_group(tx, make_group("g1"))
        for server in (gone, there):
            id = {**who, "server_id": server.id}
            await servers.insert_server(tx, server)
            await actions.insert_action(tx, request_id="r", action="create", **id)
            await migrations.insert_migration(tx, id=f"m-{server.id[:8]}", **id, **moved, **flavors)
            await server_groups.insert_member(tx, "g1", server.id)
        await servers.update_server(tx, gone, deleted_at=now())
        await servers.forget_servers(tx, now() - hour)
        assert await servers.get_server(tx, gone.id, None, with_deleted=True)
        await servers.forget_servers(tx, now() + hour)
        with pytest.raises(NotFound):
            await servers.get_server(tx, gone.id, None, with_deleted=True)
        for table in (tables.actions, tables.migrations, tables.server_tags,
                      tables.server_group_members):  # fmt: skip
            left = [row.server_id for row in await tx.all(select(table.c.server_id))]
            assert left == [there.id], table.name


async def test_what_is_left_to_do_is_known(db: Database) -> None:
    server = blank_server()
    async with db.write() as tx:
        await servers.insert_server(tx, server)
        assert await servers.list_unsettled(tx) == [server.id]
        await servers.mark_settled(tx, server.id)
        assert await servers.list_unsettled(tx) == []
        assert await servers.list_present(tx) == [server.id]
        await servers.update_server(tx, server, metadata={"a": "b"})
        assert await servers.list_unsettled(tx) == [server.id]


async def test_usage_is_summed_by_project(db: Database) -> None:
    async with db.write() as tx:
        for project in ("project-1", "project-1", "project-2"):
            await servers.insert_server(tx, blank_server(project_id=project))
        assert await sum_usage(tx, "project-1") == {"instances": 2, "cores": 2, "ram": 256}


async def test_filters(db: Database) -> None:
    made = {
        "web": blank_server(name="Web_1", tags=("a", "b"), metadata={}),
        "db": blank_server(name="db%2", tags=("b",)),
        "other": blank_server(name="other", project_id="project-2"),
    }
    async with db.write() as tx:
        for server in made.values():
            await servers.insert_server(tx, server)

    async def find(**wanted: object) -> list[str]:
        chosen = {"project_id": "project-1", **wanted}
        async with db.read() as tx:
            found, _ = await server_lists.list_servers(
                tx, ServerFilter(**chosen), Page(sorts=(("created_at", False),))
            )
        return [key for key, server in made.items() if server.id in {one.id for one in found}]

    assert await find() == ["web", "db"]
    assert await find(project_id=None) == ["web", "db", "other"]
    assert await find(like={"name": "%web%"}) == ["web"]
    assert await find(like={"name": "%\\%%"}) == ["db"]
    assert await find(tags=["a", "b"]) == ["web"]
    assert await find(tags_any=["a", "b"]) == ["web", "db"]
    assert await find(not_tags=["a", "b"]) == ["db"]
    assert await find(not_tags_any=["a"]) == ["db"]
    assert await find(equal={"task_state": [None]}) == []
    assert await find(equal={"task_state": [None, "scheduling"]}) == ["web", "db"]
    assert await find(changed_since=now()) == []
    assert await find(changed_before=now()) == ["web", "db"]
    async with db.write() as tx:
        await servers.update_server(tx, made["web"], tags=("z",))
    assert await find(tags=["a"]) == []
    assert await find(tags=["z"]) == ["web"]


async def test_pages_meet_without_gap(db: Database) -> None:
    moment = now()
    async with db.write() as tx:
        for number in range(5):
            server = blank_server(name=f"s{number}", created_at=moment, launched_at=None)
            await servers.insert_server(tx, server)
    seen: list[str] = []
    marker = None
    async with db.read() as tx:
        while True:
            page = Page(limit=2, marker=marker, sorts=(("launched_at", True),))
            found, more = await server_lists.list_servers(
                tx, ServerFilter(project_id="project-1"), page
            )
            seen += [one.name for one in found]
            if not more:
                break
            marker = found[-1].id
    assert sorted(seen) == [f"s{number}" for number in range(5)]
