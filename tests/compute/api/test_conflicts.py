"""Two wishes for one thing at the same moment: one is granted, the other is told why not.

On SQLite they come to one process, on PostgreSQL to two, each with a control plane of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud import BASE, Cloud, running_cloud, take_snapshot
from cloud_databases import CloudDatabases
from compute.conftest import seed_with_image
from compute.servers import ComputeCloud
from fake_host import running_agent
from pilvi.core.db import open_database
from pilvi.testing.cloud import running_plane

VOLUMES = "/volume/v3/volumes"


@asynccontextmanager
async def second_process(cloud: Cloud) -> AsyncIterator[Cloud]:
    """Another control plane over the same database."""
    db = open_database(cloud.settings.database)
    async with running_plane(cloud.settings, db) as parts:
        transport = httpx.ASGITransport(app=parts.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Cloud(
                cloud.settings, db, parts.plane, http, parts.app, cloud.tokens, cloud.project_ids
            )
    await db.close()


Pair = tuple[ComputeCloud, ComputeCloud]


@pytest.fixture(params=["sqlite", "postgresql"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    """The same cloud twice: two ways to it."""
    async with AsyncExitStack() as stack:
        url = f"sqlite:///{tmp_path}/api/pilvi.db"
        if request.param == "postgresql":
            databases: CloudDatabases = request.getfixturevalue("cloud_databases")
            snapshot = await take_snapshot(seed_with_image)
            url = await stack.enter_async_context(databases.holding(snapshot.files))
        running = running_cloud(tmp_path, seed_with_image, database_url=url)
        cloud = await stack.enter_async_context(running)
        other = cloud
        if request.param == "postgresql":
            other = await stack.enter_async_context(second_process(cloud))
        agent = await stack.enter_async_context(running_agent(cloud))
        images = (await cloud.call("GET", "/image/v2/images?name=small")).json()["images"]
        one, two = (ComputeCloud(way, agent, images[0]["id"]) for way in (cloud, other))
        yield one, two


async def _both(pair: Pair, id: str, *actions: tuple[str, Any]) -> list[int]:
    """The statuses of two actions that are asked for at once, one on each way."""
    asked = [way.act(id, *action) for way, action in zip(pair, actions, strict=True)]
    return sorted(reply.status_code for reply in await asyncio.gather(*asked))


@pytest.mark.parametrize(
    "actions",
    [
        (("resize", {"flavorRef": "2"}), ("rebuild", {"imageRef": "IMAGE"})),
        (("resize", {"flavorRef": "2"}), ("resize", {"flavorRef": "2"})),
        (("suspend", None), ("resize", {"flavorRef": "2"})),
        (("shelve", None), ("rebuild", {"imageRef": "IMAGE"})),
    ],
    ids=lambda actions: " and ".join(name for name, _ in actions),
)
async def test_of_two_actions_one_is_granted(pair: Pair, actions: tuple[Any, Any]) -> None:
    one = pair[0]
    meant = [
        (name, {"imageRef": one.image_id} if body == {"imageRef": "IMAGE"} else body)
        for name, body in actions
    ]
    for turn in (meant, meant[::-1]):
        id = await one.active()
        assert await _both(pair, id, *turn) == [202, 409]
        async with asyncio.timeout(10):
            while (await one.show(id))["OS-EXT-STS:task_state"] is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        # What was granted happened, and what was refused did not.
        done = (await one.call("GET", f"/servers/{id}/os-instance-actions")).json()
        names = [action["action"] for action in done["instanceActions"]]
        assert len(names) == 2 and names[-1] == "create", names


async def test_one_volume_goes_to_one_of_two_servers(pair: Pair) -> None:
    one = pair[0]
    servers = [await one.active(name=name) for name in ("a", "b")]
    made = await one.cloud.call("POST", VOLUMES, {"volume": {"size": 1}})
    volume_id = made.json()["volume"]["id"]
    async with asyncio.timeout(10):
        while True:
            shown = (await one.cloud.call("GET", f"{VOLUMES}/{volume_id}")).json()["volume"]
            if shown["status"] == "available":
                break
            await asyncio.sleep(0.02)
    body = {"volumeAttachment": {"volumeId": volume_id}}
    replies = await asyncio.gather(
        *(
            way.call("POST", f"/servers/{id}/os-volume_attachments", body)
            for way, id in zip(pair, servers, strict=True)
        )
    )
    statuses = sorted(reply.status_code for reply in replies)
    # Nova says 400 to a volume that is not available.
    assert statuses == [202, 400]
    shown = (await one.cloud.call("GET", f"{VOLUMES}/{volume_id}")).json()["volume"]
    assert len(shown["attachments"]) <= 1


async def test_the_last_of_a_quota_is_given_once(pair: Pair) -> None:
    one = pair[0]
    project = one.cloud.project_ids["demo"]
    quota = {"quota_set": {"instances": 1}}
    reply = await one.call("PUT", f"/os-quota-sets/{project}", quota, user="admin")
    assert reply.status_code == 200, reply.text
    asked = [way.post_server(name=f"s{n}") for n in range(3) for way in pair]
    replies = await asyncio.gather(*asked)
    assert sorted(reply.status_code for reply in replies) == [202, *[403] * 5]


async def test_what_is_revoked_through_one_is_refused_by_the_other(pair: Pair) -> None:
    one, two = (way.cloud for way in pair)
    token = await one.token()
    assert (await two.call("GET", "/compute/v2.1/servers")).status_code == 200
    await one.http.delete(
        "/identity/v3/auth/tokens", headers={"x-auth-token": token, "x-subject-token": token}
    )
    assert (await two.call("GET", "/compute/v2.1/servers")).status_code == 401
