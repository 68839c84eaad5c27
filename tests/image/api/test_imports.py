"""Conversations about staging and importing, stores and usage."""

from typing import Any

from cloud import Cloud
from image_files import PATCH, add_user, create, create_active, list_files, make_qcow2, show, upload

IMAGES = "/image/v2/images"
DIRECT = {"method": {"name": "glance-direct"}}


def copy_of(image_id: str, **more: Any) -> dict[str, Any]:
    """Body of an import that copies another image."""
    return {"method": {"name": "glance-download", "glance_image_id": image_id, **more}}


async def tasks_of(cloud: Cloud, image_id: str, user: str = "demo") -> list[dict[str, Any]]:
    """The tasks of an image as the API shows them."""
    reply = await cloud.call("GET", f"{IMAGES}/{image_id}/tasks", user=user)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["tasks"]
    return found


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
    seen = await show(cloud, image["id"])
    assert seen["status"] == "active" and seen["stores"] == "default"
    assert seen["os_glance_failed_import"] == seen["os_glance_importing_to_stores"] == ""
    assert (await cloud.call("GET", f"{path}/file")).content == b"staged"
    assert (await cloud.call("POST", f"{path}/import", DIRECT)).status_code == 409
    (task,) = await tasks_of(cloud, image["id"])
    assert task["status"] == "success" and task["image_id"] == image["id"]
    assert task["request_id"] == imported.headers["x-openstack-request-id"]
    assert task["input"]["import_req"] == {**DIRECT, "all_stores": True}


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
    ({"method": {"name": "web-download"}}, 400),
    ({"method": {"name": "copy-image"}}, 409),
    ({"method": {"name": "by-post"}}, 400),
    (copy_of("foo"), 400),
    ({"method": {}}, 400),
    ({}, 400),
    ({**DIRECT, "stores": ["fast"]}, 409),
    ({**DIRECT, "stores": ["default"], "all_stores": True}, 400),
    ({**DIRECT, "color": "red"}, 400),
]


async def test_other_imports_are_refused(cloud: Cloud) -> None:
    image = await create(cloud)
    for body, status in NOT_IMPORTED:
        reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
        assert reply.status_code == status, (body, reply.text)
        assert reply.json()["message"].startswith("cannot ")
    assert (await show(cloud, image["id"]))["status"] == "queued"
    assert await tasks_of(cloud, image["id"]) == []


async def test_an_image_is_copied_with_what_a_server_needs_of_it(cloud: Cloud) -> None:
    source = await create_active(cloud, b"bytes", hw_cpu_cores="5", os_distro="pilvi", speed="88")
    target = await create(cloud, disk_format="iso", container_format="ovf", os_distro="other")
    body = copy_of(source["id"], glance_region="RegionOne", glance_service_interface="public")
    reply = await cloud.call("POST", f"{IMAGES}/{target['id']}/import", body)
    assert reply.status_code == 202
    copied = await show(cloud, target["id"])
    for name in ("disk_format", "container_format", "size", "os_hash_value", "hw_cpu_cores"):
        assert copied[name] == source[name], name
    assert copied["status"] == "active" and copied["os_distro"] == "pilvi"
    assert "speed" not in copied and len(list_files(cloud)) == 1
    assert [task["status"] for task in await tasks_of(cloud, target["id"])] == ["success"]
    await cloud.call("DELETE", f"{IMAGES}/{source['id']}")
    await cloud.settle()
    data = await cloud.call("GET", f"{IMAGES}/{target['id']}/file")
    assert data.content == b"bytes", "the bytes stay as long as one image has them"


async def test_only_an_image_that_one_may_download_is_copied(cloud: Cloud) -> None:
    await add_user(cloud, "alien", "aliens")
    secret = await create_active(cloud, b"secret", user="alien")
    stopped = await create_active(cloud, b"stopped")
    await cloud.call("POST", f"{IMAGES}/{stopped['id']}/actions/deactivate")
    for body in (
        copy_of(secret["id"]),
        copy_of(stopped["id"]),
        copy_of(stopped["id"], glance_region="elsewhere"),
        copy_of(stopped["id"], glance_service_interface="not an interface"),
    ):
        image = await create(cloud, os_distro="mine")
        reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
        assert reply.status_code == 202
        (task,) = await tasks_of(cloud, image["id"])
        assert task["status"] == "failure" and task["message"].startswith("cannot ")
        seen = await show(cloud, image["id"])
        assert seen["status"] == "queued" and seen["os_distro"] == "mine"
        assert seen["os_glance_failed_import"] == "default"


async def test_an_image_is_in_every_store_already(cloud: Cloud) -> None:
    image = await create_active(cloud)
    body = {"method": {"name": "copy-image"}, "all_stores": True}
    reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
    assert reply.status_code == 202
    seen = await show(cloud, image["id"])
    assert seen["stores"] == "default" and seen["os_glance_importing_to_stores"] == ""
    for _ in range(25):
        await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
    assert len(await tasks_of(cloud, image["id"])) == 20, "the oldest are forgotten"


async def test_who_uses_an_image_does_not_see_where_it_came_from(cloud: Cloud) -> None:
    image = await create_active(cloud, user="admin", visibility="public")
    body = {"method": {"name": "copy-image"}}
    await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body, user="admin")
    assert len(await tasks_of(cloud, image["id"], "admin")) == 1
    assert await tasks_of(cloud, image["id"], "demo") == []


async def test_properties_are_set_on_an_image_that_shows_its_import(cloud: Cloud) -> None:
    image = await create_active(cloud)
    body = {"method": {"name": "copy-image"}}
    await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
    changes = [
        {"op": "remove", "path": "/stores"},
        {"op": "remove", "path": "/os_glance_failed_import"},
        {"op": "add", "path": "/extra", "value": "1"},
    ]
    path = f"{IMAGES}/{image['id']}"
    reply = await cloud.call("PATCH", path, changes, headers=PATCH)
    assert reply.status_code == 200 and reply.json()["extra"] == "1"
    assert reply.json()["stores"] == "default"


async def test_what_can_be_imported_where(cloud: Cloud) -> None:
    methods = (await cloud.call("GET", "/image/v2/info/import")).json()
    assert methods["import-methods"]["value"] == [
        *("glance-direct", "web-download", "glance-download", "copy-image"),
    ]
    stores = (await cloud.call("GET", "/image/v2/info/stores")).json()["stores"]
    assert [one["id"] for one in stores] == ["default"]
    detail = "/image/v2/info/stores/detail"
    assert (await cloud.call("GET", detail)).status_code == 403
    stores = (await cloud.call("GET", detail, user="admin")).json()["stores"]
    assert [(one["id"], one["type"]) for one in stores] == [("default", "file")]


async def test_the_last_copy_is_never_removed_from_a_store(cloud: Cloud) -> None:
    image = await create_active(cloud)
    stores = "/image/v2/stores"
    for path, user, status in (
        (f"{stores}/default/{image['id']}", "demo", 403),
        (f"{stores}/default/{image['id']}", "admin", 403),
        (f"{stores}/fast/{image['id']}", "admin", 409),
        (f"{stores}/default/{'0' * 8}-0000-4000-8000-{'0' * 12}", "admin", 404),
    ):
        assert (await cloud.call("DELETE", path, user=user)).status_code == status
    assert (await show(cloud, image["id"]))["status"] == "active"


async def test_usage_counts_what_is_stored_and_staged(cloud: Cloud) -> None:
    async def usage() -> dict[str, int]:
        found = (await cloud.call("GET", "/image/v2/info/usage")).json()["usage"]
        assert all(one["limit"] > 0 for one in found.values())
        return {name: one["usage"] for name, one in found.items()}

    assert set((await usage()).values()) == {0}
    await create_active(cloud, bytes(3 << 20))
    staged = await create(cloud)
    await upload(cloud, staged["id"], b"x" * (2 << 20), action="stage")
    assert await usage() == {
        "image_size_total": 3,
        "image_stage_total": 2,
        "image_count_total": 2,
        "image_count_uploading": 1,
    }
