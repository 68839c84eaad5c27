"""Conversations about where volumes are kept, and what stands around them."""

from cloud import Cloud
from fake_hosts import FakeHost
from volume_talk import call, create, message


async def test_every_host_is_a_service_and_a_pool(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, host, size=7)
    reply = await call(cloud, "GET", "/os-services", user="admin")
    service, backup = reply.json()["services"]
    assert (backup["binary"], backup["host"]) == ("cinder-backup", "host1")
    assert (service["binary"], service["host"]) == ("cinder-volume", "host1@pilvi")
    assert (service["state"], service["status"]) == ("up", "enabled")
    for query, found in (("?host=host1", 2), ("?host=host2", 0), ("?binary=cinder-volume", 1)):
        reply = await call(cloud, "GET", f"/os-services{query}", user="admin")
        assert len(reply.json()["services"]) == found
    path = "/scheduler-stats/get_pools"
    pools = (await call(cloud, "GET", f"{path}?detail=true", user="admin")).json()["pools"]
    assert pools[0]["name"] == "host1@pilvi#pilvi"
    room = pools[0]["capabilities"]
    assert (room["total_capacity_gb"], room["free_capacity_gb"]) == (500, 400)
    assert room["provisioned_capacity_gb"] == 7
    short = (await call(cloud, "GET", path, user="admin")).json()["pools"]
    assert short == [{"name": "host1@pilvi#pilvi"}]
    none = await call(cloud, "GET", f"{path}?name=other", user="admin")
    assert none.json() == {"pools": []}


async def test_capabilities_of_a_host(cloud: Cloud, host: FakeHost) -> None:
    found = await call(cloud, "GET", "/capabilities/host1@pilvi", user="admin")
    assert found.json()["storage_protocol"] == "iSCSI"
    message(await call(cloud, "GET", "/capabilities/x", user="admin"), 404, "itemNotFound")


async def test_backends_are_for_admins_and_not_changed_here(cloud: Cloud, host: FakeHost) -> None:
    for path in ("/os-services", "/scheduler-stats/get_pools", "/capabilities/host1@pilvi"):
        message(await call(cloud, "GET", path), 403, "forbidden")
    reply = await call(cloud, "PUT", "/os-services/disable", {"host": "host1"})
    message(reply, 403, "forbidden")
    reply = await call(cloud, "PUT", "/os-services/disable", {"host": "x"}, user="admin")
    message(reply, 404, "itemNotFound")
    reply = await call(cloud, "PUT", "/os-services/freeze", {"host": "x"}, user="admin")
    message(reply, 400, "badRequest")
    reply = await call(cloud, "PUT", "/os-services/freeze", {"host": "host1"}, user="admin")
    message(reply, 501, "notImplemented")


async def test_a_closed_host_takes_no_new_volume(cloud: Cloud, host: FakeHost) -> None:
    body = {"host": "host1@pilvi", "binary": "cinder-volume"}
    why = {**body, "disabled_reason": "new disks"}
    reply = await call(cloud, "PUT", "/os-services/disable-log-reason", why, user="admin")
    assert (reply.status_code, reply.json()["disabled_reason"]) == (200, "new disks")
    (row,) = (await call(cloud, "GET", "/os-services?binary=cinder-volume", user="admin")).json()[
        "services"
    ]
    assert (row["status"], row["disabled_reason"]) == ("disabled", "new disks")
    assert (await create(cloud, host))["status"] != "available"
    await call(cloud, "PUT", "/os-services/enable", body, user="admin")
    assert (await create(cloud, host))["status"] == "available"


async def test_hosts_show_what_they_keep(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, host, size=3)
    rows = (await call(cloud, "GET", "/os-hosts", user="admin")).json()["hosts"]
    assert [row["service"] for row in rows] == ["cinder-volume", "cinder-backup"]
    found = (await call(cloud, "GET", "/os-hosts/host1@pilvi", user="admin")).json()["host"]
    total = found[0]["resource"]
    assert (total["volume_count"], total["total_volume_gb"]) == ("1", "3")


async def test_surroundings(cloud: Cloud, host: FakeHost) -> None:
    zones = (await call(cloud, "GET", "/os-availability-zone")).json()["availabilityZoneInfo"]
    assert zones == [{"zoneName": "nova", "zoneState": {"available": True}}]
    extensions = (await call(cloud, "GET", "/extensions")).json()["extensions"]
    assert "os-quota-sets" in {row["alias"] for row in extensions}
    path = "/resource_filters?resource=volume"
    (row,) = (await call(cloud, "GET", path)).json()["resource_filters"]
    assert {"name", "status", "bootable"} <= set(row["filters"])


async def test_a_host_is_closed_and_opened_by_its_name(cloud: Cloud, host: FakeHost) -> None:
    path = "/os-hosts/host1@pilvi"
    for word, status in (("Disable", "disabled"), ("enable", "enabled")):
        reply = await call(cloud, "PUT", path, {"status": word}, user="admin")
        assert reply.json() == {"host": "host1@pilvi", "status": status}
        volumes, _ = (await call(cloud, "GET", "/os-services", user="admin")).json()["services"]
        assert volumes["status"] == status
    message(await call(cloud, "PUT", path, {"status": "x"}, user="admin"), 400, "badRequest")
    message(await call(cloud, "PUT", path, {"status": "enable"}), 403, "forbidden")
    reply = await call(cloud, "PUT", "/os-hosts/x", {"status": "enable"}, user="admin")
    message(reply, 404, "itemNotFound")
