"""Imports from the web: whole, refused, broken off, killed, unwanted."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud import Cloud, running_cloud
from image_files import blank_image, create, list_files, make_qcow2, show
from pilvi.core.db import Database, now
from pilvi.core.reconcile import Again, Done
from pilvi.errors import Unavailable
from pilvi.image.model.image import Status
from pilvi.image.model.task import Task, TaskStatus, TaskType
from pilvi.image.model.upload import Stored, UploadLimits
from pilvi.image.model.web_source import DownloadRules
from pilvi.image.operations import tasks as operations
from pilvi.image.operations.images import find_any_image
from pilvi.image.operations.uploads import (
    begin_fetch,
    finish_upload,
    give_up_upload,
    record_stored,
)
from pilvi.image.operations.web_client import WebClient
from pilvi.image.reconcilers.task import TaskReconciler
from pilvi.image.store import images, uploads
from pilvi.image.store import tasks as store
from pilvi.image.store.blobs import Blobs
from web_server import WebServer, running_web_server

IMAGES = "/image/v2/images"
LIMITS = UploadLimits(1 << 40, 1 << 40)


@asynccontextmanager
async def cloud_beside(web: WebServer, directory: Path, **settings: Any) -> AsyncIterator[Cloud]:
    """A cloud that may import from the server."""
    allowed: dict[str, Any] = {
        "image_download_ports": (web.port,),
        "image_download_networks": ("127.0.0.1/32",),
    }
    async with running_cloud(directory, **{**allowed, **settings}) as cloud:
        downloads = cloud.plane.downloads
        downloads.limits = replace(downloads.limits, retry_s_min=0.05, retry_s_max=0.1)
        yield cloud


async def begin(cloud: Cloud, url: str, **fields: Any) -> str:
    """An image that is to be imported from an address; its id."""
    image = await create(cloud, **fields)
    body = {"method": {"name": "web-download", "uri": url}}
    reply = await cloud.call("POST", f"{IMAGES}/{image['id']}/import", body)
    assert reply.status_code == 202, reply.text
    return str(image["id"])


async def task_of(cloud: Cloud, image_id: str) -> dict[str, Any]:
    """The latest task of an image."""
    reply = await cloud.call("GET", f"{IMAGES}/{image_id}/tasks")
    found: dict[str, Any] = reply.json()["tasks"][-1]
    return found


async def fails(cloud: Cloud, image_id: str) -> str:
    """Why an import failed; the image waits for other bytes and the store holds none."""
    await cloud.settle()
    task = await task_of(cloud, image_id)
    assert task["status"] == "failure" and task["result"] is None
    image = await show(cloud, image_id)
    assert image["status"] == "queued" and image["os_glance_failed_import"] == "default"
    assert image["size"] is None and image["checksum"] is None
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()
    assert list_files(cloud) == set()
    return str(task["message"])


async def test_an_image_comes_from_the_web(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        content = make_qcow2(2 << 20)
        web.serve("/disk.qcow2", content)
        web.slow.add("/disk.qcow2")
        url = web.redirect("/latest", "/disk.qcow2?token=1")
        web.replies["/disk.qcow2?token=1"] = web.replies["/disk.qcow2"]
        web.slow = {"/disk.qcow2?token=1"}
        id = await begin(cloud, url, disk_format="qcow2")
        waiting = await show(cloud, id)
        assert waiting["status"] == "importing"
        assert waiting["os_glance_importing_to_stores"] == "default"
        again = await cloud.call(
            "POST", f"{IMAGES}/{id}/import", {"method": {"name": "web-download", "uri": url}}
        )
        assert again.status_code == 409
        web.release.set()
        await cloud.settle()
        image = await show(cloud, id)
        assert image["status"] == "active" and image["virtual_size"] == 2 << 20
        assert image["os_glance_failed_import"] == image["os_glance_importing_to_stores"] == ""
        assert (await cloud.call("GET", f"{IMAGES}/{id}/file")).content == content
        task = await task_of(cloud, id)
        assert task["status"] == "success" and task["result"] == {"image_id": id}
        assert task["input"]["import_req"]["method"]["uri"] == url


async def test_bytes_from_the_web_pass_the_same_gate(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        backed = web.serve("/backed", make_qcow2(backing_offset=112))
        id = await begin(cloud, backed, disk_format="qcow2")
        assert "backing file" in await fails(cloud, id)
        other = await begin(cloud, web.serve("/x", make_qcow2()), disk_format="raw")
        assert "disk_format is 'raw'" in await fails(cloud, other)


async def test_what_is_too_large_is_not_fetched(tmp_path: Path) -> None:
    limits = {"image_size_bytes_max": 1 << 20}
    async with running_web_server() as web, cloud_beside(web, tmp_path, **limits) as cloud:
        id = await begin(cloud, web.serve("/declared", bytes((1 << 20) + 1)))
        assert "limit" in await fails(cloud, id)
        head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
        web.replies["/endless"] = head + b"x" * (3 << 20)
        assert "limit" in await fails(cloud, await begin(cloud, web.url("/endless")))


async def test_redirects_to_the_inside_fail_the_import(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        for target in ("http://169.254.169.254/latest/", "http://127.0.0.2/", "file:///etc/passwd"):
            id = await begin(cloud, web.redirect("/away", target))
            assert (await fails(cloud, id)).startswith("cannot import from")


async def test_a_name_that_nobody_knows_fails_the_import(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        id = await begin(cloud, web.url("/no/way", "does-not-exist.invalid"))
        assert "does-not-exist.invalid" in await fails(cloud, id)


async def test_a_failed_import_may_be_followed_by_another(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        id = await begin(cloud, web.url("/missing"))
        assert "404" in await fails(cloud, id)
        body = {"method": {"name": "web-download", "uri": web.serve("/there", b"bytes")}}
        assert (await cloud.call("POST", f"{IMAGES}/{id}/import", body)).status_code == 202
        await cloud.settle()
        assert (await show(cloud, id))["status"] == "active"


async def test_a_hiccup_is_tried_again_and_not_for_ever(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        url = web.serve("/busy", b"", "503 Busy")
        id = await begin(cloud, url)
        await web.until_asked()
        web.serve("/busy", b"bytes")
        await cloud.settle()
        assert (await show(cloud, id))["status"] == "active"
        await cloud.call("DELETE", f"{IMAGES}/{id}")
        web.serve("/busy", b"", "503 Busy")
        assert "503" in await fails(cloud, await begin(cloud, url))
        assert web.asked.count("/busy") == 5


async def test_a_deleted_image_ends_its_download(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        url = web.serve("/slow", b"x" * (1 << 20))
        web.slow.add("/slow")
        id = await begin(cloud, url)
        await web.until_asked()
        assert (await cloud.call("DELETE", f"{IMAGES}/{id}")).status_code == 204
        await cloud.settle()
        assert list_files(cloud) == set()
        async with cloud.db.read() as tx:
            assert await store.list_due(tx, now()) == []


async def test_a_project_has_two_downloads_at_once(tmp_path: Path) -> None:
    async with running_web_server() as web, cloud_beside(web, tmp_path) as cloud:
        url = web.serve("/slow", b"x" * 100)
        web.slow.add("/slow")
        ids = [await begin(cloud, url) for _ in range(3)]
        await web.until_asked(2)
        await asyncio.sleep(0.2)
        assert len(web.asked) == 2
        web.release.set()
        await cloud.settle()
        assert {(await show(cloud, id))["status"] for id in ids} == {"active"}


async def leave_off(db: Database, blobs: Blobs, uri: str, point: str) -> Task:
    """What a process that was killed at this point of a try leaves."""
    async with db.write() as tx:
        image = blank_image()
        await images.insert_image(tx, image)
        image = await begin_fetch(tx, image)
        asked = operations.Asked("u", "req-1", TaskType.API_IMAGE_IMPORT, {})
        task = await operations.record_download(tx, image, asked, uri)
        if point != "asked":
            await operations.begin_download(tx, task.id)
        if point in ("recorded", "writing", "linked"):
            await operations.record_try(tx, task.id, None, LIMITS)
        found = await store.find_task(tx, task.id)
    assert found is not None
    if point == "writing":
        with suppress(Unavailable):
            deposit = blobs.open_deposit(str(found.upload_id))
            deposit.write(b"half")
            os.close(deposit._descriptor)
    if point == "linked":
        deposit = blobs.open_deposit(str(found.upload_id))
        deposit.write(b"bytes")
        sha512 = hashlib.sha512(b"bytes").hexdigest()
        async with db.write() as tx:
            await record_stored(tx, str(found.upload_id), Stored(5, 5, sha512, "c" * 32))
        deposit.keep(sha512)
        async with db.write() as tx:
            await finish_upload(tx, str(found.upload_id))
        deposit.close()
    return found


@pytest.mark.parametrize("point", ["asked", "begun", "recorded", "writing", "linked"])
async def test_a_download_goes_on_after_a_crash(db: Database, tmp_path: Path, point: str) -> None:
    async with running_web_server() as web:
        rules = DownloadRules.of((web.port,), ("127.0.0.1/32",), 60.0)
        blobs = Blobs(tmp_path / "images")
        reconciler = TaskReconciler(db, blobs, WebClient(rules), LIMITS)
        task = await leave_off(db, blobs, web.serve("/disk", b"bytes"), point)
        assert await reconciler.list_unsettled() == [task.id]
        if point == "recorded":
            assert isinstance(await reconciler.reconcile(task.id), Again), "a file may be made now"
            async with db.write() as tx:
                await give_up_upload(tx, str(task.upload_id))
        assert await reconciler.reconcile(task.id) == Done()
        async with db.read() as tx:
            image = await find_any_image(tx, task.image_id)
            ended = await store.find_task(tx, task.id)
            assert await uploads.list_unfinished(tx) == []
        assert image is not None and image.status is Status.ACTIVE and image.size_bytes == 5
        assert ended is not None and ended.status is TaskStatus.SUCCESS
        assert len(blobs.list_blobs()) == 1
        assert len(web.asked) == (0 if point == "linked" else 1)
        assert await reconciler.list_unsettled() == []
