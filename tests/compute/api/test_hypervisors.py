"""Conversations about hypervisors."""

import pytest

from compute.servers import ComputeCloud
from fake_hosts import add_host

SUMS = ("vcpus_used", "memory_mb_used", "local_gb_used", "running_vms")


async def sums(compute: ComputeCloud) -> tuple[int, ...]:
    reply = await compute.call("GET", "/os-hypervisors/detail", version="2.87", user="admin")
    (host,) = reply.json()["hypervisors"]
    return tuple(host[name] for name in SUMS)


async def test_what_is_used_grows_by_exactly_the_flavor(compute: ComputeCloud) -> None:
    assert await sums(compute) == (0, 0, 0, 0)
    first = await compute.active(flavorRef="p1.nano.eph")
    assert await sums(compute) == (1, 128, 2, 1)
    second = await compute.active(flavorRef="3")
    assert await sums(compute) == (3, 128 + 4096, 42, 2)
    await compute.act(second, "os-stop")
    await compute.wait(second, "SHUTOFF")
    assert await sums(compute) == (3, 128 + 4096, 42, 1)
    for id in (first, second):
        await compute.delete(id)
    assert await sums(compute) == (0, 0, 0, 0)
    whole = await compute.call("GET", "/os-hypervisors/statistics", version="2.1", user="admin")
    assert whole.json()["hypervisor_statistics"]["memory_mb"] == 16384


async def test_hypervisors_are_for_admins(compute: ComputeCloud) -> None:
    for path in ("/os-hypervisors", "/os-services", "/os-availability-zone/detail"):
        assert (await compute.call("GET", path)).status_code == 403
    zones = (await compute.call("GET", "/os-availability-zone")).json()["availabilityZoneInfo"]
    assert zones == [{"zoneName": "nova", "zoneState": {"available": True}, "hosts": None}]


async def test_a_hypervisor_is_found_with_its_servers(compute: ComputeCloud) -> None:
    id = await compute.active()
    listed = (await compute.call("GET", "/os-hypervisors?with_servers=true", user="admin")).json()
    (host,) = listed["hypervisors"]
    assert host["servers"] == [{"uuid": id, "name": "one"}]
    shown = await compute.call("GET", f"/os-hypervisors/{host['id']}", user="admin")
    assert shown.json()["hypervisor"]["hypervisor_type"] == "QEMU"
    assert "vcpus" not in shown.json()["hypervisor"]
    assert (await compute.call("GET", "/os-hypervisors/x", user="admin")).status_code == 404
    path = "/os-hypervisors?hypervisor_hostname_pattern="
    assert (await compute.call("GET", path + "ost1", user="admin")).status_code == 200
    assert (await compute.call("GET", path + "mars", user="admin")).status_code == 404
    old = await compute.call("GET", "/os-hypervisors/host/servers", version="2.1", user="admin")
    assert old.json()["hypervisors"][0]["id"] == 1
    assert old.json()["hypervisors"][0]["servers"][0]["uuid"] == id


async def test_uptime_is_what_the_host_says(compute: ComputeCloud) -> None:
    path = "/os-hypervisors/1/uptime"
    reply = await compute.call("GET", path, version="2.1", user="admin")
    assert " up " in reply.json()["hypervisor"]["uptime"]
    down = {"host": "host1", "binary": "nova-compute", "forced_down": True}
    await compute.call("PUT", "/os-services/force-down", down, version="2.52", user="admin")
    assert (await compute.call("GET", path, version="2.1", user="admin")).status_code == 400
    listed = (await compute.call("GET", "/os-hypervisors/detail", user="admin")).json()
    assert listed["hypervisors"][0]["uptime"] is None


@pytest.mark.edge("compute", "2.33")
async def test_hypervisors_are_paged_from_2_33(compute: ComputeCloud) -> None:
    await add_host(compute.cloud.db, "host2")

    async def names(minor: int, query: str) -> list[str]:
        path = f"/os-hypervisors?{query}"
        reply = await compute.call("GET", path, version=f"2.{minor}", user="admin")
        assert reply.status_code == 200, reply.text
        return [one["hypervisor_hostname"] for one in reply.json()["hypervisors"]]

    assert await names(32, "limit=1") == ["host1", "host2"]
    assert await names(33, "limit=1") == ["host1"]
