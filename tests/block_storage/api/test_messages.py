"""Conversations about why volumes are not as they were wished."""

from cloud import Cloud
from fake_hosts import FakeHost
from volume_talk import call, create, message, settle


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
