"""Volumes and snapshots under compute's old names."""

from compute.servers import ComputeCloud

LAST = "2.35"


async def test_a_volume_is_made_shown_and_deleted(compute: ComputeCloud) -> None:
    body = {"volume": {"size": 1, "display_name": "disk", "metadata": {"a": "b"}}}
    made = (await compute.call("POST", "/os-volumes", body, version=LAST)).json()["volume"]
    assert (made["displayName"], made["size"], made["metadata"]) == ("disk", 1, {"a": "b"})
    assert made["attachments"] == [{}]
    await compute.volume_is(made["id"], "available")
    for path in ("/os-volumes", "/os-volumes/detail"):
        found = (await compute.call("GET", path, version=LAST)).json()["volumes"]
        assert [one["id"] for one in found] == [made["id"]]
    path = f"/os-volumes/{made['id']}"
    shown = (await compute.call("GET", path, version=LAST)).json()["volume"]
    assert shown["status"] == "available"
    assert (await compute.call("DELETE", path, version=LAST)).status_code == 202
    assert (await compute.call("GET", "/os-volumes", version="2.36")).status_code == 404


async def test_strange_sizes_are_400(compute: ComputeCloud) -> None:
    for volume in ({"size": "x"}, {"size": 0}, {"size": -1}, {}):
        reply = await compute.call("POST", "/os-volumes", {"volume": volume}, version=LAST)
        assert reply.status_code == 400, volume


async def test_an_attachment_is_shown(compute: ComputeCloud) -> None:
    server, volume = await compute.active(), await compute.create_volume()
    body = {"volumeAttachment": {"volumeId": volume}}
    await compute.call("POST", f"/servers/{server}/os-volume_attachments", body)
    await compute.volume_is(volume, "in-use")
    reply = await compute.call("GET", f"/os-volumes/{volume}", version=LAST)
    (held,) = reply.json()["volume"]["attachments"]
    assert held["serverId"] == server and held["volumeId"] == volume


async def test_another_projects_volume_is_not_there(compute: ComputeCloud) -> None:
    volume = await compute.create_volume()
    theirs = {"volume": {"size": 1}}
    made = await compute.call("POST", "/os-volumes", theirs, version=LAST, user="admin")
    path = f"/os-volumes/{made.json()['volume']['id']}"
    assert (await compute.call("GET", path, version=LAST)).status_code == 404
    assert (await compute.call("DELETE", path, version=LAST)).status_code == 404
    found = (await compute.call("GET", "/os-volumes", version=LAST)).json()["volumes"]
    assert [one["id"] for one in found] == [volume]


async def test_a_snapshot_is_made_shown_and_deleted(compute: ComputeCloud) -> None:
    volume = await compute.create_volume()
    body = {"snapshot": {"volume_id": volume, "display_name": "then"}}
    reply = await compute.call("POST", "/os-snapshots", body, version=LAST)
    made = reply.json()["snapshot"]
    assert (made["displayName"], made["volumeId"], made["size"]) == ("then", volume, 1)
    await compute.cloud.settle()
    path = f"/os-snapshots/{made['id']}"
    assert (await compute.call("DELETE", path, version=LAST)).status_code == 202
    await compute.cloud.settle()
    found = (await compute.call("GET", "/os-snapshots", version=LAST)).json()["snapshots"]
    assert found == []
    other = {"snapshot": {"volume_id": "none"}}
    assert (await compute.call("POST", "/os-snapshots", other, version=LAST)).status_code == 404
