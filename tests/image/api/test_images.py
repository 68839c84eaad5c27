"""Conversations about records of images."""

import uuid
from typing import Any

from cloud import Cloud
from image_files import PATCH, add_user, create, create_active, show

IMAGES = "/image/v2/images"


async def patch(
    cloud: Cloud, id: str, *operations: dict[str, Any], user: str = "demo"
) -> tuple[int, dict[str, Any]]:
    """Change an image; status and body."""
    reply = await cloud.call("PATCH", f"{IMAGES}/{id}", list(operations), user=user, headers=PATCH)
    return reply.status_code, reply.json()


async def test_create_answers_the_whole_image(cloud: Cloud) -> None:
    body = {
        "name": "disk",
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 1,
        "min_ram": 64,
        "tags": ["b", "a", "b"],
        "protected": True,
        "os_hidden": True,
        "os_distro": "pilvi",
        "owner_specified.openstack.md5": "",
    }
    reply = await cloud.call("POST", IMAGES, body)
    assert reply.status_code == 201
    image = reply.json()
    assert image["status"] == "queued" and image["visibility"] == "shared"
    assert image["owner"] == cloud.project_ids["demo"]
    assert image["tags"] == ["a", "b"]
    assert image["os_distro"] == "pilvi" and image["owner_specified.openstack.md5"] == ""
    assert image["size"] is None and image["checksum"] is None and image["os_hash_algo"] is None
    assert image["file"] == f"/v2/images/{image['id']}/file"
    assert image["created_at"].endswith("Z") and "." not in image["created_at"]
    assert reply.headers["location"].endswith(f"/image/v2/images/{image['id']}")
    assert reply.headers["openstack-image-import-methods"] == (
        "glance-direct,web-download,glance-download,copy-image"
    )
    assert await show(cloud, image["id"]) == image


BAD_FIELDS: list[tuple[dict[str, Any], int, str]] = [
    ({"min_disk": -1}, 400, "min_disk"),
    ({"min_ram": "64"}, 400, "min_ram"),
    ({"min_disk": 1.5}, 400, "min_disk"),
    ({"min_ram": 2**31}, 400, "min_ram"),
    ({"name": "x" * 256}, 400, "name"),
    ({"name": 5}, 400, "name"),
    ({"name": "a\0b"}, 400, "zero byte"),
    ({"disk_format": "floppy"}, 400, "disk_format"),
    ({"container_format": "box"}, 400, "container_format"),
    ({"visibility": "everybody"}, 400, "visibility"),
    ({"visibility": "public"}, 403, "public"),
    ({"protected": "yes"}, 400, "protected"),
    ({"tags": ["x" * 256]}, 400, "tags"),
    ({"id": "not-a-uuid"}, 400, "id"),
    ({"color": 5}, 400, "color"),
    ({"color": None}, 400, "color"),
    ({"color": {"a": "b"}}, 400, "color"),
    ({"x" * 256: "y"}, 400, "255"),
    ({"": "y"}, 400, "property"),
    ({"status": "active"}, 403, "status"),
    ({"size": 5}, 403, "size"),
    ({"os_hash_value": "0"}, 403, "os_hash_value"),
    ({"locations": []}, 403, "locations"),
    ({"location": "file:///etc/passwd"}, 403, "location"),
    ({"self": "/x"}, 403, "self"),
    ({"os_glance_stage_host": "x"}, 403, "reserved"),
    ({"owner": "another-project"}, 403, "owner"),
    ({f"p{number}": "v" for number in range(129)}, 413, "properties"),
    ({"tags": [f"t{number}" for number in range(129)]}, 413, "tags"),
]


async def test_bad_fields_are_refused_by_name(cloud: Cloud) -> None:
    for fields, status, named in BAD_FIELDS:
        reply = await cloud.call("POST", IMAGES, fields)
        assert reply.status_code == status, (fields, reply.text)
        fault = reply.json()
        assert fault["message"].startswith("cannot ") and named in fault["message"], fields
        assert fault["code"].startswith(f"{status} ")
    assert (await cloud.call("GET", IMAGES)).json()["images"] == []


async def test_a_body_that_is_no_object_is_400(cloud: Cloud) -> None:
    for body in ([], "x", 5):
        assert (await cloud.call("POST", IMAGES, body)).status_code == 400
    headers = {"x-auth-token": await cloud.token()}
    reply = await cloud.http.post(IMAGES, content=b"{", headers=headers)
    assert reply.status_code == 400


async def test_an_id_stands_for_one_image_for_ever(cloud: Cloud) -> None:
    id = str(uuid.uuid4())
    image = await create(cloud, id=id.upper())
    assert image["id"] == id
    again = await cloud.call("POST", IMAGES, {"id": id}, user="admin")
    assert again.status_code == 409
    assert (await cloud.call("DELETE", f"{IMAGES}/{id}")).status_code == 204
    reply = await cloud.call("POST", IMAGES, {"id": id})
    assert reply.status_code == 409 and id in reply.json()["message"]


async def test_an_admin_creates_public_ones_and_for_others(cloud: Cloud) -> None:
    demo = cloud.project_ids["demo"]
    image = await create(cloud, user="admin", visibility="public", owner=demo)
    assert image["owner"] == demo and image["visibility"] == "public"


async def test_patch_adds_replaces_and_removes(cloud: Cloud) -> None:
    image = await create(cloud, color="red")
    status, changed = await patch(
        cloud,
        image["id"],
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "add", "path": "/a~1b~0c", "value": "x"},
        {"op": "replace", "path": "/color", "value": "blue"},
        {"op": "replace", "path": "/tags", "value": ["t"]},
        {"op": "add", "path": "/min_ram", "value": 5},
        {"op": "replace", "path": "/disk_format", "value": "qcow2"},
        {"op": "replace", "path": "/visibility", "value": "community"},
    )
    assert status == 200
    assert (changed["name"], changed["color"], changed["a/b~c"]) == ("new", "blue", "x")
    assert changed["tags"] == ["t"] and changed["min_ram"] == 5
    assert changed["disk_format"] == "qcow2" and changed["visibility"] == "community"
    status, changed = await patch(cloud, image["id"], {"op": "remove", "path": "/color"})
    assert status == 200 and "color" not in changed
    assert await show(cloud, image["id"]) == changed


BAD_CHANGES: list[tuple[Any, int]] = [
    ({"op": "replace", "path": "/status", "value": "active"}, 403),
    ({"op": "replace", "path": "/id", "value": str(uuid.uuid4())}, 403),
    ({"op": "add", "path": "/locations", "value": [{"url": "file:///etc/passwd"}]}, 403),
    ({"op": "remove", "path": "/locations"}, 403),
    ({"op": "remove", "path": "/checksum"}, 403),
    ({"op": "remove", "path": "/name"}, 403),
    ({"op": "replace", "path": "/owner", "value": "somebody"}, 403),
    ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
    ({"op": "add", "path": "/os_glance_x", "value": "y"}, 403),
    ({"op": "replace", "path": "/missing", "value": "x"}, 409),
    ({"op": "remove", "path": "/missing"}, 409),
    ({"op": "replace", "path": "/min_disk", "value": -1}, 400),
    ({"op": "replace", "path": "/min_disk", "value": "1"}, 400),
    ({"op": "replace", "path": "/name", "value": "x" * 256}, 400),
    ({"op": "replace", "path": "/tags", "value": "x"}, 400),
    ({"op": "add", "path": "/color", "value": 5}, 400),
    ({"op": "add", "path": "/color"}, 400),
    ({"op": "move", "path": "/name", "from": "/color"}, 400),
    ({"op": "add", "path": "name", "value": "x"}, 400),
    ({"op": "add", "path": "/", "value": "x"}, 400),
    ({"op": "add", "path": "/tags/-", "value": "x"}, 400),
    ({"path": "/name", "value": "x"}, 400),
    ("replace", 400),
]


async def test_a_bad_change_changes_nothing(cloud: Cloud) -> None:
    image = await create(cloud)
    good = {"op": "replace", "path": "/name", "value": "half"}
    for operation, status in BAD_CHANGES:
        got, fault = await patch(cloud, image["id"], good, operation)
        assert got == status, (operation, fault)
        assert fault["message"].startswith("cannot ")
    assert await show(cloud, image["id"]) == image


async def test_patch_wants_its_own_content_type(cloud: Cloud) -> None:
    image = await create(cloud)
    reply = await cloud.call("PATCH", f"{IMAGES}/{image['id']}", [])
    assert reply.status_code == 415
    assert PATCH["content-type"] in reply.headers["accept-patch"].split(", ")


async def test_formats_are_fixed_once_there_are_bytes(cloud: Cloud) -> None:
    image = await create_active(cloud)
    for name, value in (("disk_format", "qcow2"), ("container_format", "ovf")):
        change = {"op": "replace", "path": f"/{name}", "value": value}
        assert (await patch(cloud, image["id"], change))[0] == 403
    assert await show(cloud, image["id"]) == image


async def test_a_protected_image_is_not_deleted(cloud: Cloud) -> None:
    image = await create(cloud, protected=True)
    reply = await cloud.call("DELETE", f"{IMAGES}/{image['id']}")
    assert reply.status_code == 403 and "protected" in reply.json()["message"]
    await patch(cloud, image["id"], {"op": "replace", "path": "/protected", "value": False})
    assert (await cloud.call("DELETE", f"{IMAGES}/{image['id']}")).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await cloud.call(method, f"{IMAGES}/{image['id']}")).status_code == 404


async def test_another_projects_image_does_not_exist(cloud: Cloud) -> None:
    await add_user(cloud, "eve", "evil")
    image = await create_active(cloud)
    path = f"{IMAGES}/{image['id']}"
    change = [{"op": "replace", "path": "/name", "value": "mine"}]
    for method, below in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/file"),
        ("POST", "/actions/deactivate"),
        ("PUT", "/tags/x"),
        ("DELETE", "/tags/x"),
        ("GET", "/members"),
        ("GET", "/tasks"),
    ):
        reply = await cloud.call(method, path + below, user="eve")
        assert reply.status_code == 404, (method, below, reply.text)
    reply = await cloud.call("PATCH", path, change, user="eve", headers=PATCH)
    assert reply.status_code == 404
    assert await show(cloud, image["id"]) == image


async def test_a_seen_image_of_another_project_cannot_be_changed(cloud: Cloud) -> None:
    await add_user(cloud, "eve", "evil")
    for visibility, user in (("public", "admin"), ("community", "demo")):
        image = await create_active(cloud, user=user, visibility=visibility)
        path = f"{IMAGES}/{image['id']}"
        assert (await cloud.call("GET", path, user="eve")).status_code == 200
        change = [{"op": "replace", "path": "/name", "value": "mine"}]
        patched = await cloud.call("PATCH", path, change, user="eve", headers=PATCH)
        assert patched.status_code == 403
        for method, below in (("DELETE", ""), ("POST", "/actions/deactivate"), ("PUT", "/tags/x")):
            assert (await cloud.call(method, path + below, user="eve")).status_code == 403
        assert await show(cloud, image["id"], user=user) == image


async def test_a_reader_only_reads(cloud: Cloud) -> None:
    await add_user(cloud, "reader", "demo", "reader")
    image = await create_active(cloud)
    path = f"{IMAGES}/{image['id']}"
    assert (await cloud.call("GET", path, user="reader")).status_code == 200
    assert (await cloud.call("GET", IMAGES, user="reader")).json()["images"] == [image]
    for method, url in (
        ("POST", IMAGES),
        ("PATCH", path),
        ("DELETE", path),
        ("PUT", path + "/file"),
        ("GET", path + "/file"),
        ("PUT", path + "/stage"),
        ("POST", path + "/import"),
        ("POST", path + "/actions/deactivate"),
        ("POST", path + "/actions/reactivate"),
        ("PUT", path + "/tags/x"),
        ("DELETE", path + "/tags/x"),
        ("POST", path + "/members"),
        ("PUT", path + "/members/x"),
        ("DELETE", path + "/members/x"),
    ):
        reply = await cloud.call(method, url, {}, user="reader")
        assert reply.status_code == 403, (method, url, reply.text)
    assert await show(cloud, image["id"]) == image


async def test_no_token_is_401(cloud: Cloud) -> None:
    reply = await cloud.call("GET", IMAGES, user=None)
    assert reply.status_code == 401 and reply.headers["www-authenticate"]


async def test_tags_come_and_go(cloud: Cloud) -> None:
    image = await create(cloud)
    path = f"{IMAGES}/{image['id']}/tags/"
    for _ in range(2):
        assert (await cloud.call("PUT", path + "red%20one")).status_code == 204
    assert (await show(cloud, image["id"]))["tags"] == ["red one"]
    assert (await cloud.call("PUT", path + "x" * 256)).status_code == 400
    assert (await cloud.call("DELETE", path + "red%20one")).status_code == 204
    assert (await cloud.call("DELETE", path + "red%20one")).status_code == 404
    assert (await show(cloud, image["id"]))["tags"] == []


async def test_deactivate_and_reactivate(cloud: Cloud) -> None:
    image = await create(cloud)
    actions = f"{IMAGES}/{image['id']}/actions/"
    assert (await cloud.call("POST", actions + "deactivate")).status_code == 403
    image = await create_active(cloud)
    actions = f"{IMAGES}/{image['id']}/actions/"
    for action, status in (("deactivate", "deactivated"), ("reactivate", "active")):
        for _ in range(2):
            assert (await cloud.call("POST", actions + action)).status_code == 204
        assert (await show(cloud, image["id"]))["status"] == status
