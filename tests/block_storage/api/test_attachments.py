"""Conversations about attachments."""

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.model.attachment import Attachment
from pilvi.block_storage.operations.attachments import mark_attached, reserve_attachment
from volume_talk import call, create, message, settle, show

SERVER = "7d1f9f30-6a51-4c4e-9d2f-1f6c0f0e7a11"


async def attach(cloud: Cloud, host: FakeHost) -> Attachment:
    id = (await create(cloud, host))["id"]
    async with cloud.db.write() as tx:
        one = await reserve_attachment(
            tx, volume_id=id, server_id=SERVER, project_id=None, device="vdc"
        )
    await settle(cloud, host)
    async with cloud.db.write() as tx:
        await mark_attached(tx, one.id)
    return one


async def test_an_attachment_is_shown_without_its_account(cloud: Cloud, host: FakeHost) -> None:
    one = await attach(cloud, host)
    for user in ("demo", "admin"):
        reply = await call(cloud, "GET", f"/attachments/{one.id}", user=user)
        found = reply.json()["attachment"]
        assert (found["status"], found["instance"], found["attach_mode"]) == (
            "attached",
            SERVER,
            "rw",
        )
        assert found["connection_info"]["target_iqn"].endswith(one.id)
        assert one.password not in reply.text and one.username not in reply.text
        assert "auth" not in reply.text


async def test_no_reply_about_volumes_holds_the_account(cloud: Cloud, host: FakeHost) -> None:
    one = await attach(cloud, host)
    for path in (
        "/volumes/detail?all_tenants=1",
        f"/volumes/{one.volume_id}",
        "/attachments/detail?all_tenants=1",
        "/messages",
    ):
        reply = await call(cloud, "GET", path, user="admin")
        assert reply.status_code == 200
        assert one.password not in reply.text and one.username not in reply.text


async def test_attachments_are_listed_by_volume_and_server(cloud: Cloud, host: FakeHost) -> None:
    one, other = await attach(cloud, host), await attach(cloud, host)
    listed = (await call(cloud, "GET", "/attachments?limit=1")).json()
    assert len(listed["attachments"]) == 1 and listed["attachments_links"]
    for query, ids in (
        (f"volume_id={one.volume_id}", {one.id}),
        (f"instance_id={SERVER}", {one.id, other.id}),
        ("status=attaching", set()),
    ):
        found = (await call(cloud, "GET", f"/attachments/detail?{query}")).json()
        assert {row["id"] for row in found["attachments"]} == ids
    theirs = await call(cloud, "GET", "/attachments", user="admin")
    assert theirs.json() == {"attachments": []}
    query = f"/attachments?all_tenants=1&project_id={cloud.project_ids['demo']}"
    assert len((await call(cloud, "GET", query, user="admin")).json()["attachments"]) == 2


async def test_nobody_pulls_a_volume_from_under_a_server(cloud: Cloud, host: FakeHost) -> None:
    one = await attach(cloud, host)
    path = f"/attachments/{one.id}"
    reply = await call(cloud, "DELETE", path)
    assert "detach the volume from the server" in message(reply, 409, "conflictingRequest")
    bodies = (
        ("PUT", path, {"attachment": {"connector": {"host": "x"}}}, 400),
        ("POST", f"{path}/action", {"os-complete": {}}, 400),
        ("POST", f"/volumes/{one.volume_id}/action", {"os-detach": {}}, 409),
        ("POST", f"/volumes/{one.volume_id}/action", {"os-begin_detaching": {}}, 409),
    )
    for method, at, body, status in bodies:
        assert (await call(cloud, method, at, body)).status_code == status, at
    path_of_action = f"/volumes/{one.volume_id}/action"
    reply = await call(cloud, "POST", path_of_action, {"os-force_detach": {}}, user="admin")
    assert reply.status_code == 409
    assert (await call(cloud, "GET", path)).json()["attachment"]["status"] == "attached"
    message(await call(cloud, "GET", "/attachments/nothing"), 404, "itemNotFound")


async def test_an_attachment_is_made_connected_and_ended_by_hand(
    cloud: Cloud, host: FakeHost
) -> None:
    id = (await create(cloud, host))["id"]
    body = {"attachment": {"volume_uuid": id}}
    made = (await call(cloud, "POST", "/attachments", body)).json()["attachment"]
    assert (made["status"], made["connection_info"]) == ("reserved", {})
    path = f"/attachments/{made['id']}"
    connector = {"attachment": {"connector": {"host": "far", "initiator": "iqn.x"}}}
    changed = (await call(cloud, "PUT", path, connector)).json()["attachment"]
    assert changed["status"] == "attaching"
    await settle(cloud, host)
    shown = (await call(cloud, "GET", path)).json()["attachment"]
    assert shown["connection_info"]["target_iqn"].endswith(made["id"])
    assert (await call(cloud, "POST", f"{path}/action", {"os-complete": {}})).status_code == 204
    assert (await show(cloud, id))["status"] == "in-use"
    reply = await call(cloud, "DELETE", path)
    assert (reply.status_code, reply.json()) == (200, {"attachments": []})
    await settle(cloud, host)
    assert (await show(cloud, id))["status"] == "available"
