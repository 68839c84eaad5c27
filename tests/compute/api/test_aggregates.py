"""Conversations about aggregates, and what they mean to servers."""

from typing import Any

from compute.servers import ComputeCloud
from fake_host import running_agent

PATH = "/os-aggregates"


async def ask(
    compute: ComputeCloud, method: str, path: str = "", json: Any = None, **options: Any
) -> Any:
    return await compute.call(method, PATH + path, json, **{"user": "admin", **options})


async def make(compute: ComputeCloud, name: str, zone: str | None = None, *hosts: str) -> int:
    body = {"aggregate": {"name": name, "availability_zone": zone}}
    reply = await ask(compute, "POST", "", body)
    assert reply.status_code == 200, reply.text
    number: int = reply.json()["aggregate"]["id"]
    for host in hosts:
        assert (await act(compute, number, "add_host", host=host)).status_code == 200
    return number


async def act(compute: ComputeCloud, number: int, action: str, **fields: Any) -> Any:
    return await ask(compute, "POST", f"/{number}/action", {action: fields})


async def test_an_aggregate_comes_and_goes(compute: ComputeCloud) -> None:
    number = await make(compute, "fast")
    added = await act(compute, number, "add_host", host="host1")
    assert added.json()["aggregate"]["hosts"] == ["host1"]
    metadata = {"ssd": "true", "availability_zone": "north", "gone": None}
    told = (await act(compute, number, "set_metadata", metadata=metadata)).json()["aggregate"]
    assert told["metadata"] == {"ssd": "true", "availability_zone": "north"}
    assert told["availability_zone"] == "north"
    assert told["updated_at"] is not None
    renamed = await ask(compute, "PUT", f"/{number}", {"aggregate": {"name": "faster"}})
    assert renamed.json()["aggregate"]["name"] == "faster"
    assert (await ask(compute, "DELETE", f"/{number}")).status_code == 400
    assert (await act(compute, number, "remove_host", host="host1")).status_code == 200
    assert (await ask(compute, "DELETE", f"/{number}")).status_code == 200
    assert (await ask(compute, "GET", f"/{number}")).status_code == 404


async def test_a_uuid_came_later(compute: ComputeCloud) -> None:
    number = await make(compute, "fast")
    for version, has_uuid in (("2.40", False), ("2.41", True)):
        shown = await ask(compute, "GET", f"/{number}", version=version)
        assert ("uuid" in shown.json()["aggregate"]) is has_uuid
        (listed,) = (await ask(compute, "GET", version=version)).json()["aggregates"]
        assert ("uuid" in listed) is has_uuid


async def test_bad_aggregates_are_refused(compute: ComputeCloud) -> None:
    number = await make(compute, "fast")

    async def post(**fields: Any) -> int:
        status: int = (await ask(compute, "POST", "", {"aggregate": fields})).status_code
        return status

    assert await post(name="fast") == 409
    assert await post(name="") == 400
    assert await post(name=" x") == 400
    assert await post(name="x", availability_zone="a:b") == 400
    assert (await ask(compute, "PUT", f"/{number}", {"aggregate": {}})).status_code == 400
    assert (await ask(compute, "GET", "/x")).status_code == 400
    assert (await ask(compute, "GET", "/-1")).status_code == 404
    assert (await act(compute, number, "add_host", host="mars")).status_code == 404
    assert (await act(compute, number, "remove_host", host="host1")).status_code == 404
    assert (await act(compute, number, "add_host", host="host1")).status_code == 200
    assert (await act(compute, number, "add_host", host="host1")).status_code == 409
    assert (await ask(compute, "GET", user="demo")).status_code == 403
    images = {"cache": [{"id": compute.image_id}]}
    assert (await ask(compute, "POST", f"/{number}/images", images)).status_code == 501
    assert (await ask(compute, "POST", f"/{number}/images", {"cache": []})).status_code == 400
    early = await ask(compute, "POST", f"/{number}/images", images, version="2.80")
    assert early.status_code == 404


async def test_a_host_is_in_one_zone(compute: ComputeCloud) -> None:
    await make(compute, "north", "north", "host1")
    south = await make(compute, "south", "south")
    assert (await act(compute, south, "add_host", host="host1")).status_code == 409
    plain = await make(compute, "plain", None, "host1")
    moved = {"aggregate": {"availability_zone": "south"}}
    assert (await ask(compute, "PUT", f"/{plain}", moved)).status_code == 400
    services = (await compute.call("GET", "/os-services", user="admin")).json()["services"]
    assert [one["zone"] for one in services] == ["north"]


async def test_servers_go_to_the_zone_they_ask_for(compute: ComputeCloud) -> None:
    async with running_agent(compute.cloud, "host2"):
        north = await make(compute, "north", "north", "host2")
        zones = (await compute.call("GET", "/os-availability-zone")).json()
        names = [one["zoneName"] for one in zones["availabilityZoneInfo"]]
        assert names == ["north", "nova"]
        assert (await compute.post_server(availability_zone="moon")).status_code == 400
        pinned = await compute.active(availability_zone="north")
        server = await compute.show(pinned, user="admin")
        assert server["OS-EXT-AZ:availability_zone"] == "north"
        assert server["OS-EXT-SRV-ATTR:host"] == "host2"
        for _ in range(2):
            other = await compute.show(await compute.active(availability_zone="nova"))
            assert other["OS-EXT-AZ:availability_zone"] == "nova"
        assert (await act(compute, north, "remove_host", host="host2")).status_code == 409
        renamed = {"aggregate": {"availability_zone": "far-north"}}
        assert (await ask(compute, "PUT", f"/{north}", renamed)).status_code == 400
        await compute.delete(pinned)
        assert (await act(compute, north, "remove_host", host="host2")).status_code == 200


async def test_flavors_ask_for_metadata(compute: ComputeCloud) -> None:
    specs = {"extra_specs": {"aggregate_instance_extra_specs:ssd": "true"}}
    path = "/flavors/p1.nano/os-extra_specs"
    assert (await compute.call("POST", path, specs, user="admin")).status_code == 200
    number = await make(compute, "fast")
    server = await compute.wait(await compute.create(), "ERROR")
    assert "in no aggregate whose ssd is true" in server["fault"]["message"]
    await act(compute, number, "add_host", host="host1")
    await act(compute, number, "set_metadata", metadata={"ssd": "true"})
    await compute.active()


async def test_a_server_is_kept_in_the_zone_of_its_host_since_2_104(compute: ComputeCloud) -> None:
    await make(compute, "north", "north", "host1")
    id = await compute.active()

    async def pin(zone: str | None, version: str = "2.104") -> int:
        body = {"server": {"pinned_availability_zone": zone}}
        reply = await compute.call("PUT", f"/servers/{id}", body, version=version)
        return reply.status_code

    assert (await compute.show(id))["pinned_availability_zone"] is None
    assert await pin("north", "2.103") == 400
    assert await pin("north") == 200
    assert (await compute.show(id))["pinned_availability_zone"] == "north"
    assert [await pin("nova"), await pin("moon")] == [400, 400]
    assert await pin(None) == 200
