"""Conversations about the story of a volume."""

from typing import Any

from cloud import Cloud
from fake_hosts import FakeHost
from volume_talk import call, create, settle


async def story(cloud: Cloud, id: str) -> dict[str, Any]:
    reply = await call(cloud, "GET", f"/volumes/{id}/pilvi-story")
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()["story"]
    return told


async def test_a_volume_that_is_there_needs_nothing(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    told = await story(cloud, id)
    assert (told["kind"], told["status"]) == ("volume", "available")
    assert told["asked"][0]["words"] == "create: 1 GiB" and told["asked"][0]["user_id"]
    done = [one["words"] for one in told["done"]]
    assert done == ["a host was chosen for it", "its host keeps 1 GiB, content 1"]
    assert told["waits"] == told["failed"] == told["next_steps"] == []


async def test_a_volume_that_fits_nowhere_says_what_to_do(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host, size=600))["id"]
    told = await story(cloud, id)
    assert told["status"] == "error"
    assert "the filesystem has 500 in all" in told["failed"][0]["words"]
    assert "ask for less" in told["next_steps"][0]
    assert f"openstack volume delete {id}" in told["next_steps"][1]


async def test_a_volume_whose_host_fails_for_now_waits(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud))["id"]
    told = await story(cloud, id)
    assert told["status"] == "creating" and told["failed"] == []
    assert told["waits"][0]["words"] == "the end of 'creating'"
    assert told["next_steps"] == ["wait: nothing is wrong as far as is known"]


async def test_another_projects_volume_has_no_story(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    reply = await call(cloud, "GET", f"/volumes/{id}/pilvi-story", user="admin")
    assert reply.status_code == 200
    admins = await call(cloud, "POST", "/volumes", {"volume": {"size": 1}}, user="admin")
    path = f"/volumes/{admins.json()['volume']['id']}/pilvi-story"
    assert (await call(cloud, "GET", path)).status_code == 404


async def test_what_grew_is_not_told_to_have_been_made_so(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    reply = await call(cloud, "POST", f"/volumes/{id}/action", {"os-extend": {"new_size": 3}})
    assert reply.status_code == 202
    await settle(cloud, host)
    asked = [one["words"] for one in (await story(cloud, id))["asked"]]
    assert asked == ["create", "its newest wish: 3 GiB, content 1"]


async def test_what_it_was_made_of_is_told(cloud: Cloud, host: FakeHost) -> None:
    first = (await create(cloud, host))["id"]
    id = (await create(cloud, host, source_volid=first))["id"]
    assert (await story(cloud, id))["asked"][0]["words"] == "create: 1 GiB from a volume"
