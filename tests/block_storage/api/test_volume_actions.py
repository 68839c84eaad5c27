"""Conversations about what is done to one volume."""

from typing import Any

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.api.routes import ACTIONS
from pilvi.block_storage.operations.attachments import mark_attached, reserve_attachment
from volume_talk import call, create, message, settle, show


async def act(cloud: Cloud, id: str, name: str, value: Any = None, user: str = "demo") -> Any:
    return await call(cloud, "POST", f"/volumes/{id}/action", {name: value}, user=user)


async def test_a_volume_grows_and_never_shrinks(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host, size=2))["id"]
    assert (await act(cloud, id, "os-extend", {"new_size": 3})).status_code == 202
    assert (await show(cloud, id))["status"] == "extending"
    await settle(cloud, host)
    found = await show(cloud, id)
    assert (found["status"], found["size"]) == ("available", 3)
    for size in (3, 1, 0, "x"):
        message(await act(cloud, id, "os-extend", {"new_size": size}), 400, "badRequest")
    message(await act(cloud, id, "os-extend", {"new_size": 9999}), 413, "overLimit")


async def test_a_volume_of_a_server_grows_under_it(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    async with cloud.db.write() as tx:
        one = await reserve_attachment(
            tx, volume_id=id, server_id="s", project_id=None, device="vdc"
        )
        await mark_attached(tx, one.id)
    reply = await act(cloud, id, "os-extend", {"new_size": 3})
    assert reply.status_code == 202 and (await show(cloud, id))["status"] == "extending"
    await settle(cloud, host)
    found = await show(cloud, id)
    assert (found["size"], found["status"]) == (3, "in-use")


async def test_flags(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    assert (await act(cloud, id, "os-set_bootable", {"bootable": True})).status_code == 200
    assert (await show(cloud, id))["bootable"] == "true"
    reply = await act(cloud, id, "os-update_readonly_flag", {"readonly": "true"})
    assert reply.status_code == 202
    assert (await show(cloud, id))["metadata"] == {"readonly": "True"}
    message(await act(cloud, id, "os-set_bootable", {"bootable": "maybe"}), 400, "badRequest")
    message(await act(cloud, id, "os-set_bootable", {"colour": "red"}), 400, "badRequest")


async def test_only_admins_upload_public_images(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    wanted = {"image_name": "all", "visibility": "public"}
    refused = await act(cloud, id, "os-volume_upload_image", wanted)
    message(refused, 403, "forbidden")
    assert (await show(cloud, id))["status"] == "available"
    assert (await cloud.call("GET", "/image/v2/images?visibility=public")).json()["images"] == []
    reply = await act(cloud, id, "os-volume_upload_image", wanted, user="admin")
    assert reply.json()["os-volume_upload_image"]["visibility"] == "public"


async def test_another_type_moves_nothing(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    await call(cloud, "POST", "/types", {"volume_type": {"name": "gold"}}, user="admin")
    wanted = {"new_type": "gold", "migration_policy": "never"}
    assert (await act(cloud, id, "os-retype", wanted)).status_code == 202
    assert (await show(cloud, id))["volume_type"] == "gold"
    message(await act(cloud, id, "os-retype", {"new_type": "tin"}), 404, "itemNotFound")


async def test_words_of_images(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    wanted = {"metadata": {"os": "linux", "arch": "x"}}
    assert (await act(cloud, id, "os-set_image_metadata", wanted)).json() == wanted
    assert (await act(cloud, id, "os-show_image_metadata")).json() == wanted
    assert (await show(cloud, id))["volume_image_metadata"] == wanted["metadata"]
    gone = await act(cloud, id, "os-unset_image_metadata", {"key": "os"})
    assert gone.status_code == 200
    assert (await show(cloud, id))["volume_image_metadata"] == {"arch": "x"}
    again = await act(cloud, id, "os-unset_image_metadata", {"key": "os"})
    message(again, 404, "itemNotFound")


async def test_admins_mark_and_unmark(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    reset = "os-reset_status"
    message(await act(cloud, id, reset, {"status": "error"}), 403, "forbidden")
    assert (await act(cloud, id, reset, {"status": "error"}, "admin")).status_code == 202
    assert (await show(cloud, id))["status"] == "error"
    assert (await act(cloud, id, reset, {"status": "available"}, "admin")).status_code == 202
    assert (await show(cloud, id))["status"] == "available"
    reply = await act(cloud, id, reset, {"status": "in-between"}, "admin")
    message(reply, 400, "badRequest")
    reply = await act(cloud, id, reset, {"attach_status": "detached"}, "admin")
    message(reply, 501, "notImplemented")


async def test_admins_force_a_deletion(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    async with cloud.db.write() as tx:
        await reserve_attachment(tx, volume_id=id, server_id="s", project_id=None, device="vdc")
    message(await act(cloud, id, "os-force_delete"), 403, "forbidden")
    assert (await act(cloud, id, "os-force_delete", None, "admin")).status_code == 202
    await settle(cloud, host)
    assert (await call(cloud, "GET", f"/volumes/{id}")).status_code == 404


REFUSED = [row.action for row in ACTIONS if row.name in ("refuse_connection", "refuse_action")]


async def test_what_is_not_served_is_refused_clearly(cloud: Cloud, host: FakeHost) -> None:
    id = (await create(cloud, host))["id"]
    for action in REFUSED:
        message(await act(cloud, id, action, {}), 501, "notImplemented")
        assert (await show(cloud, id))["status"] == "available"


async def test_an_action_must_be_one_and_known(cloud: Cloud, host: FakeHost) -> None:
    path = f"/volumes/{(await create(cloud))['id']}/action"
    for body in ({}, {"paint": {}}, {"os-extend": {"new_size": 2}, "os-reserve": {}}, []):
        message(await call(cloud, "POST", path, body), 400, "badRequest")
