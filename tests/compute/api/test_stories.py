"""Conversations about the story of a server."""

from typing import Any

from compute.servers import ComputeCloud
from image_files import add_user
from pilvi.host_api.contract import HostFault, Kind


async def story(compute: ComputeCloud, id: str, **options: Any) -> dict[str, Any]:
    reply = await compute.call("GET", f"/servers/{id}/pilvi-story", **options)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()["story"]
    return told


async def test_a_server_that_is_as_wished_needs_nothing(compute: ComputeCloud) -> None:
    id = await compute.active()
    told = await story(compute, id)
    assert (told["kind"], told["id"], told["status"]) == ("server", id, "ACTIVE")
    (asked,) = told["asked"]
    assert (
        asked["words"] == "create" and asked["user_id"] and asked["request_id"].startswith("req-")
    )
    done = [one["words"] for one in told["done"]]
    assert "its guest ran for the first time" in done
    assert any(words.startswith("create: done after ") for words in done)
    assert told["waits"] == told["failed"] == told["next_steps"] == []


async def test_a_server_without_room_says_what_to_do(compute: ComputeCloud) -> None:
    first, big = await compute.create(flavorRef="4"), await compute.create(flavorRef="4")
    await compute.wait(first, "ACTIVE")
    await compute.wait(big, "ERROR")
    told = await story(compute, big)
    assert "asked for 8192 MEMORY_MB" in told["failed"][-1]["words"]
    assert told["waits"] == []
    assert "ask for less" in told["next_steps"][0]
    assert f"openstack server delete {big}" in told["next_steps"][1]
    message = (await compute.show(big))["fault"]["message"]
    assert message.startswith("cannot find a host with room: host1: ")
    assert ". Next step: ask for less" in message and f"server delete {big}" in message


async def test_a_server_under_way_says_what_it_waits_for(compute: ComputeCloud) -> None:
    compute.agent.silent.add(Kind.VM)
    id = await compute.create()
    await compute.cloud.settle()
    told = await story(compute, id)
    assert told["waits"][0]["words"] == "the end of 'spawning'"
    assert told["waits"][0]["since"] == told["asked"][0]["at"]
    assert "its host to take up the wish" in [one["words"] for one in told["waits"]]
    assert told["next_steps"] == ["wait: nothing is wrong as far as is known"]


async def test_a_failed_reboot_is_told_with_the_way_out(compute: ComputeCloud) -> None:
    id = await compute.active()
    compute.agent.faults[Kind.VM] = HostFault(
        kind="Internal", message="cannot start the guest: no space left", terminal=True
    )
    await compute.act(id, "reboot", {"type": "HARD"})
    await compute.wait(id, "ERROR")
    told = await story(compute, id)
    assert [one["words"] for one in told["asked"]] == ["create", "reboot"]
    assert told["failed"][-1]["words"] == "reboot: cannot start the guest: no space left"
    assert "make room" in told["next_steps"][0]
    assert f"reboot --hard {id}" in told["next_steps"][1]


async def test_a_server_that_was_turned_off_says_how_it_starts(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.act(id, "os-stop")
    await compute.wait(id, "SHUTOFF")
    told = await story(compute, id)
    assert told["next_steps"] == [
        f"it is off, as was asked: 'openstack server start {id}' starts it"
    ]


async def test_a_deleted_server_still_has_its_story(compute: ComputeCloud) -> None:
    id = await compute.active()
    await compute.delete(id)
    told = await story(compute, id)
    assert told["status"] == "DELETED"
    assert "everything of it was given back" in [one["words"] for one in told["done"]]


async def test_another_projects_server_has_no_story(compute: ComputeCloud) -> None:
    id = await compute.active()
    await story(compute, id, user="admin")
    await add_user(compute.cloud, "stranger", "stranger")
    reply = await compute.call("GET", f"/servers/{id}/pilvi-story", user="stranger")
    assert reply.status_code == 404
