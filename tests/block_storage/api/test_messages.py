"""Conversations about why volumes are not as they were wished."""

from cloud import Cloud
from fake_host import FakeAgent
from fake_hosts import FakeHost
from pilvi.host_api.contract import HostFault, Kind
from volume_talk import call, create, make, message, settle, wait


async def test_a_volume_that_fits_nowhere_says_so(cloud: Cloud, host: FakeHost) -> None:
    await create(cloud, host)
    id = (await create(cloud, host, size=600))["id"]
    (row,) = (await call(cloud, "GET", "/messages")).json()["messages"]
    assert (row["resource_uuid"], row["resource_type"]) == (id, "VOLUME")
    assert row["user_message"] == (
        "cannot find a host with room: "
        "host1: asked for 600 GiB of disk, the filesystem has 500 in all"
    )
    one = await call(cloud, "GET", f"/messages/{row['id']}")
    assert one.json()["message"] == row
    assert (await call(cloud, "GET", "/messages?resource_uuid=x")).json() == {"messages": []}
    for status in (204, 404):
        reply = await call(cloud, "DELETE", f"/messages/{row['id']}")
        assert reply.status_code == status
    await call(cloud, "DELETE", f"/volumes/{id}")
    await settle(cloud, host)
    message(await call(cloud, "GET", f"/messages/{row['id']}"), 404, "itemNotFound")


async def test_a_snapshot_and_a_backup_that_fail_say_why(cloud: Cloud, agent: FakeAgent) -> None:
    volume = await make(cloud, "/volumes", "volume", size=1)
    for kind, path, name in (
        (Kind.SNAPSHOT, "/snapshots", "snapshot"),
        (Kind.BACKUP, "/backups", "backup"),
    ):
        words = f"cannot make the {name}: the trial says so"
        agent.faults[kind] = HostFault(kind="NoCapacity", message=words, terminal=True)
        failed = await make(cloud, path, name, volume_id=volume["id"])
        assert failed["status"] == "error"
        told = (await call(cloud, "GET", f"/messages?resource_uuid={failed['id']}")).json()
        (row,) = told["messages"]
        assert row["user_message"] == words
        assert row["resource_type"] == f"VOLUME_{name.upper()}"
        assert (await call(cloud, "DELETE", f"/messages/{row['id']}")).status_code == 204
        del agent.faults[kind]
        await call(cloud, "DELETE", f"{path}/{failed['id']}")
        assert await wait(cloud, f"{path}/{failed['id']}", name) is None
