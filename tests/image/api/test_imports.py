"""Conversations about staging, importing, stores and tasks."""

from typing import Any

from cloud import Cloud
from image_files import create, list_files, make_qcow2, show, upload

IMAGES = "/image/v2/images"
DIRECT = {"method": {"name": "glance-direct"}}


async def test_staged_bytes_become_the_images_by_import(cloud: Cloud) -> None:
    image = await create(cloud)
    path = f"{IMAGES}/{image['id']}"
    assert (await upload(cloud, image["id"], b"staged", action="stage")).status_code == 204
    staged = await show(cloud, image["id"])
    assert staged["status"] == "uploading" and staged["checksum"] is None
    assert (await cloud.call("GET", f"{path}/file")).status_code == 204
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()
    assert len(list_files(cloud)) == 1
    assert (await upload(cloud, image["id"], b"again", action="stage")).status_code == 409
    assert (await upload(cloud, image["id"], b"again")).status_code == 409
    imported = await cloud.call("POST", f"{path}/import", {**DIRECT, "all_stores": True})
    assert imported.status_code == 202
    assert (await show(cloud, image["id"]))["status"] == "active"
    assert (await cloud.call("GET", f"{path}/file")).content == b"staged"
    assert (await cloud.call("POST", f"{path}/import", DIRECT)).status_code == 409


async def test_staged_bytes_pass_the_same_gate(cloud: Cloud) -> None:
    image = await create(cloud, disk_format="qcow2")
    bad = make_qcow2(backing_offset=112)
    reply = await upload(cloud, image["id"], bad, action="stage")
    assert reply.status_code == 400 and "backing file" in reply.json()["message"]
    assert (await show(cloud, image["id"]))["status"] == "queued"
    assert list_files(cloud) == set()


async def test_staged_bytes_go_with_their_image(cloud: Cloud) -> None:
    image = await create(cloud)
    await upload(cloud, image["id"], b"staged", action="stage")
    assert (await cloud.call("DELETE", f"{IMAGES}/{image['id']}")).status_code == 204
    await cloud.settle()
    assert list_files(cloud) == set()


NOT_IMPORTED: list[tuple[dict[str, Any], int]] = [
    (DIRECT, 409),
    ({"method": {"name": "web-download", "uri": "http://169.254.169.254/"}}, 400),
    ({"method": {"name": "copy-image"}}, 400),
    ({"method": {}}, 400),
    ({}, 400),
    ({**DIRECT, "stores": ["fast"]}, 409),
    ({**DIRECT, "color": "red"}, 400),
]


async def test_other_imports_are_refused(cloud: Cloud) -> None:
    image = await create(cloud)
    for body, status in NOT_IMPORTED:
        reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
        assert reply.status_code == status and reply.json()["message"].startswith("cannot ")
    assert (await show(cloud, image["id"]))["status"] == "queued"


async def test_what_can_be_imported_where(cloud: Cloud) -> None:
    methods = (await cloud.call("GET", "/image/v2/info/import")).json()
    assert methods["import-methods"]["value"] == ["glance-direct"]
    stores = (await cloud.call("GET", "/image/v2/info/stores")).json()["stores"]
    assert [one["id"] for one in stores] == ["default"]


async def test_tasks_are_not_served_and_say_so(cloud: Cloud) -> None:
    for method, path in (("GET", "/tasks"), ("POST", "/tasks"), ("GET", "/tasks/x")):
        reply = await cloud.call(method, "/image/v2" + path, {})
        assert reply.status_code == 501 and "cannot use tasks" in reply.json()["message"]
    image = await create(cloud)
    tasks = await cloud.call("GET", f"{IMAGES}/{image['id']}/tasks")
    assert tasks.json() == {"tasks": []}
