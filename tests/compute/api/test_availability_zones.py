"""Conversations about availability zones."""

from cloud import Cloud
from compute.servers import ROOT, ComputeCloud
from fake_host import running_agent


async def test_there_is_one_zone_until_aggregates_make_more(compute: ComputeCloud) -> None:
    async with running_agent(compute.cloud, "host2"):
        body = {"aggregate": {"name": "north", "availability_zone": "north"}}
        made = await compute.call("POST", "/os-aggregates", body, user="admin")
        path = f"/os-aggregates/{made.json()['aggregate']['id']}/action"
        zones = (await compute.call("GET", "/os-availability-zone")).json()["availabilityZoneInfo"]
        assert [one["zoneName"] for one in zones] == ["nova"]
        await compute.call("POST", path, {"add_host": {"host": "host2"}}, user="admin")
        reply = await compute.call("GET", "/os-availability-zone/detail", user="admin")
        north, nova = reply.json()["availabilityZoneInfo"]
        assert (list(north["hosts"]), list(nova["hosts"])) == (["host2"], ["host1"])
        assert north["hosts"]["host2"]["nova-compute"]["available"] is True
        down = {"status": "disabled"}
        services = (await compute.call("GET", "/os-services?host=host2", user="admin")).json()
        id = services["services"][0]["id"]
        await compute.call("PUT", f"/os-services/{id}", down, user="admin")
        zones = (await compute.call("GET", "/os-availability-zone")).json()["availabilityZoneInfo"]
        assert [one["zoneState"]["available"] for one in zones] == [False, True]


async def test_a_cloud_without_hosts_has_a_zone(seeded: Cloud) -> None:
    zones = (await seeded.call("GET", f"{ROOT}/os-availability-zone")).json()
    row = {"zoneName": "nova", "zoneState": {"available": False}, "hosts": None}
    assert zones["availabilityZoneInfo"] == [row]
