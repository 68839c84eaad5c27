"""Published flaws of image services, each tried from outside.

Server-side requests are in `operations/test_web_client.py` and `reconcilers/test_task.py`, formats
in `model/test_gate.py`, uploads that end half-way in `test_data.py`.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from cloud import Cloud, running_cloud
from image_files import (
    OCTETS,
    PATCH,
    add_user,
    create,
    create_active,
    list_files,
    make_qcow2,
    make_vmdk_descriptor,
    show,
    upload,
)
from pilvi.image.model.quota import PROJECT_QUOTA
from web_server import running_web_server

IMAGES = "/image/v2/images"
MIB = 1 << 20


async def usage(cloud: Cloud) -> dict[str, int]:
    """What a project uses of its quota."""
    found = (await cloud.call("GET", "/image/v2/info/usage")).json()["usage"]
    return {name: one["usage"] for name, one in found.items()}


async def test_nobody_deletes_anothers_image(cloud: Cloud) -> None:
    """CVE-2012-4573, CVE-2012-5482."""
    private = await create_active(cloud, b"private", user="admin")
    public = await create_active(cloud, b"public", user="admin", visibility="public")
    for image, status in ((private, 404), (public, 403)):
        path = f"{IMAGES}/{image['id']}"
        assert (await cloud.call("DELETE", path)).status_code == status
        data = await cloud.call("GET", f"{path}/file", user="admin")
        assert data.status_code == 200 and data.content in (b"private", b"public")


async def test_a_broken_store_tells_nothing_of_itself(cloud: Cloud) -> None:
    """CVE-2013-0212, CVE-2013-1840, CVE-2014-1948."""
    image = await create_active(cloud)
    folder = cloud.settings.api_dir / "images"
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    other = await create(cloud)
    replies = [
        await cloud.call("GET", f"{IMAGES}/{image['id']}/file"),
        await upload(cloud, other["id"], b"bytes"),
        await upload(cloud, other["id"], b"bytes", action="stage"),
    ]
    for reply in replies:
        assert reply.status_code >= 400
        told = reply.text + str(reply.headers)
        assert str(cloud.settings.state_dir) not in told and "Traceback" not in told


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "filesystem:///etc/passwd", "/etc/passwd", "sheepdog://a;id:1:2"),
        *("http://example.org/x", "rbd://a/b/c/d", "cinder://volume", "swift+config://r/c/o"),
    ],
)
async def test_nobody_names_where_bytes_lie(cloud: Cloud, url: str) -> None:
    """CVE-2014-0162, CVE-2014-9493, CVE-2015-1195, CVE-2016-0757, OSSN-0090."""
    image = await create(cloud)
    path = f"{IMAGES}/{image['id']}"
    place = [{"url": url, "metadata": {}}]
    for user in ("demo", "admin"):
        made = await cloud.call("POST", IMAGES, {"name": "x", "locations": place}, user=user)
        assert made.status_code == 403
        for change in (
            {"op": "add", "path": "/locations/-", "value": place[0]},
            {"op": "replace", "path": "/locations", "value": place},
            {"op": "remove", "path": "/locations/0"},
        ):
            reply = await cloud.call("PATCH", path, [change], user=user, headers=PATCH)
            assert reply.status_code == 403
        for method in ("GET", "POST"):
            reply = await cloud.call(method, f"{path}/locations", place[0], user=user)
            assert reply.status_code == 501
    assert await show(cloud, image["id"]) == image


async def test_an_image_may_not_read_the_clouds_files(tmp_path: Path) -> None:
    """CVE-2015-5163, CVE-2022-47951, CVE-2024-32498: by upload, by staging and from the web."""
    hostile = {
        "backed": ("qcow2", make_qcow2(backing_offset=112)),
        "split": ("qcow2", make_qcow2(features=1 << 2)),
        "hidden": ("raw", make_qcow2(backing_offset=112)),
        "flat": ("raw", make_vmdk_descriptor()),
        "posing": ("qcow2", make_vmdk_descriptor()),
    }
    async with running_web_server() as web:
        allowed: dict[str, Any] = {
            "image_download_ports": (web.port,),
            "image_download_networks": ("127.0.0.1/32",),
        }
        async with running_cloud(tmp_path, **allowed) as cloud:
            for name, (disk_format, data) in hostile.items():
                for action in ("file", "stage"):
                    image = await create(cloud, disk_format=disk_format)
                    reply = await upload(cloud, image["id"], data, action=action)
                    assert reply.status_code == 400, name
                body = {"method": {"name": "web-download", "uri": web.serve(f"/{name}", data)}}
                path = f"{IMAGES}/{image['id']}"
                assert (await cloud.call("POST", f"{path}/import", body)).status_code == 202
                await cloud.settle()
                seen = await show(cloud, image["id"])
                assert seen["status"] == "queued" and seen["os_glance_failed_import"], name
            assert list_files(cloud) == set()


async def test_status_and_bytes_are_nobodys_to_set(cloud: Cloud) -> None:
    """CVE-2015-5251: an image's bytes never change once somebody may have checked them."""
    image = await create_active(cloud, b"checked")
    path = f"{IMAGES}/{image['id']}"
    for name in ("status", "checksum", "os_hash_value", "size", "stores"):
        change = [{"op": "replace", "path": f"/{name}", "value": "queued"}]
        assert (await cloud.call("PATCH", path, change, headers=PATCH)).status_code == 403
        made = await cloud.call("POST", IMAGES, {"name": "x", name: "active"})
        assert made.status_code == 403
    headers = {**OCTETS, "x-image-meta-status": "queued", "x-auth-token": await cloud.token()}
    for action in ("file", "stage"):
        reply = await cloud.http.put(f"{path}/{action}", content=b"other", headers=headers)
        assert reply.status_code == 409
    for method in ("glance-direct", "web-download", "glance-download"):
        body = {
            "method": {
                "name": method,
                "uri": "http://example.org/",
                "glance_image_id": image["id"],
            }
        }
        assert (await cloud.call("POST", f"{path}/import", body)).status_code == 409
    assert (await cloud.call("GET", f"{path}/file")).content == b"checked"
    assert await show(cloud, image["id"]) == image


async def test_uploads_and_imports_that_are_deleted_leave_no_bytes(cloud: Cloud) -> None:
    """CVE-2014-9623, CVE-2014-9684, CVE-2015-1881, CVE-2015-3289, CVE-2015-5286."""

    async def slowly() -> Any:
        for _ in range(4):
            await asyncio.sleep(0.002)
            yield b"x" * MIB

    before = await usage(cloud)
    for turn in range(12):
        image = await create(cloud)
        sending = asyncio.create_task(
            upload(cloud, image["id"], slowly(), action="stage" if turn % 2 else "file")
        )
        await asyncio.sleep(0.004 * turn)
        if turn % 4 == 3:
            await cloud.call(
                "POST", f"{IMAGES}/{image['id']}/import", {"method": {"name": "glance-direct"}}
            )
        assert (await cloud.call("DELETE", f"{IMAGES}/{image['id']}")).status_code == 204
        await sending
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()
    assert list_files(cloud) == set() and await usage(cloud) == before


async def test_no_way_to_bytes_is_beside_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2014-5356: whatever way they come, declared or not."""
    async with running_web_server() as web:
        allowed: dict[str, Any] = {
            "image_download_ports": (web.port,),
            "image_download_networks": ("127.0.0.1/32",),
        }
        async with running_cloud(tmp_path, **allowed) as cloud:
            source = await create_active(cloud, b"x" * MIB)
            monkeypatch.setitem(PROJECT_QUOTA, "bytes", MIB + 100)
            head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
            web.replies["/endless"] = head + b"y" * MIB
            for method in (
                {"name": "web-download", "uri": web.serve("/declared", b"y" * MIB)},
                {"name": "web-download", "uri": web.url("/endless")},
                {"name": "glance-download", "glance_image_id": source["id"]},
            ):
                image = await create(cloud)
                path = f"{IMAGES}/{image['id']}"
                reply = await cloud.call("POST", f"{path}/import", {"method": method})
                assert reply.status_code == 202
                await cloud.settle()
                (task,) = (await cloud.call("GET", f"{path}/tasks")).json()["tasks"]
                assert task["status"] == "failure" and "more than" in task["message"], method
                assert (await show(cloud, image["id"]))["status"] == "queued"
            assert (await usage(cloud))["image_size_total"] == 1


async def test_members_learn_of_no_other_member(cloud: Cloud) -> None:
    """What is shared tells who it is shared with to its owner alone."""
    for name in ("left", "right"):
        await add_user(cloud, name, name)
    image = await create(cloud)
    path = f"{IMAGES}/{image['id']}/members"
    for name in ("left", "right"):
        await cloud.call("POST", path, {"member": cloud.project_ids[name]})
    seen = (await cloud.call("GET", path, user="left")).json()["members"]
    assert [one["member_id"] for one in seen] == [cloud.project_ids["left"]]
    other = f"{path}/{cloud.project_ids['right']}"
    for method in ("GET", "PUT", "DELETE"):
        reply = await cloud.call(method, other, {"status": "accepted"}, user="left")
        assert reply.status_code in (403, 404)
    (one,) = [
        member
        for member in (await cloud.call("GET", path)).json()["members"]
        if member["member_id"] == cloud.project_ids["right"]
    ]
    assert one["status"] == "pending"
