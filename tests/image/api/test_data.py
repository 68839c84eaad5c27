"""Conversations about bytes of images: upload, refusal, download."""

import asyncio
import hashlib
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cloud import Cloud, running_cloud
from image_files import (
    OCTETS,
    add_user,
    create,
    create_active,
    list_files,
    make_iso,
    make_mbr,
    make_qcow2,
    make_vmdk_descriptor,
    show,
    upload,
)
from pilvi.image.api.data import parse_range
from pilvi.image.model.quota import PROJECT_QUOTA

IMAGES = "/image/v2/images"
MIB = 1 << 20


async def download(cloud: Cloud, id: str, *, user: str = "demo", **headers: str) -> Any:
    """The reply to a download."""
    return await cloud.call("GET", f"{IMAGES}/{id}/file", user=user, headers=headers)


async def assert_queued_without_bytes(cloud: Cloud, id: str) -> None:
    """The image waits for its upload, and the store has no file."""
    image = await show(cloud, id)
    assert image["status"] == "queued"
    assert image["size"] is None and image["os_hash_value"] is None
    assert list_files(cloud) == set()


SIZES = [0, 1, 511, 65_536, 3 * MIB + 17]


async def test_bytes_come_back_as_they_were(cloud: Cloud) -> None:
    for size in SIZES:
        data = os.urandom(size // 2) + bytes(size - size // 2)
        image = await create_active(cloud, data)
        assert image["status"] == "active"
        assert image["size"] == image["virtual_size"] == size
        assert image["os_hash_algo"] == "sha512"
        assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()
        assert image["checksum"] == hashlib.md5(data).hexdigest()
        reply = await download(cloud, image["id"])
        assert reply.status_code == 200 and reply.content == data
        assert reply.headers["content-md5"] == image["checksum"]
        assert reply.headers["content-length"] == str(size)
        assert reply.headers["content-type"] == "application/octet-stream"
        assert f"blobs/{image['os_hash_value']}" in list_files(cloud)
    assert len(list_files(cloud)) == len(SIZES)


SOUND = [
    ("raw", make_mbr(), MIB),
    ("raw", b"plain text", 10),
    ("qcow2", make_qcow2(5 * MIB), 5 * MIB),
    ("qcow2", make_qcow2(MIB, version=2), MIB),
    ("iso", make_iso(), 65_536),
    ("iso", make_iso(hybrid=True), 65_536),
]


async def test_what_is_declared_and_sound_is_stored(cloud: Cloud) -> None:
    for disk_format, data, virtual_size in SOUND:
        image = await create_active(cloud, data, disk_format=disk_format)
        assert image["status"] == "active" and image["virtual_size"] == virtual_size


REFUSED = [
    ("raw", make_qcow2(), "qcow2"),
    ("raw", make_qcow2()[:120], "qcow2"),
    ("raw", make_iso(), "iso"),
    ("raw", make_vmdk_descriptor(), "vmdk"),
    ("raw", b"KDMV\1\0\0\0".ljust(MIB, b"\0"), "vmdk"),
    ("raw", b"conectix".ljust(MIB, b"\0"), "vhd"),
    ("raw", b"vhdxfile".ljust(2 * MIB, b"\0"), "vhdx"),
    ("raw", b"QED\0".ljust(MIB, b"\0"), "qed"),
    ("raw", b"LUKS\xba\xbe\0\1".ljust(MIB, b"\0"), "luks"),
    ("qcow2", os.urandom(MIB), "raw"),
    ("qcow2", make_mbr(), "gpt"),
    ("qcow2", b"", "raw"),
    ("iso", b"nothing", "raw"),
    ("qcow2", make_qcow2(backing_offset=112), "backing file"),
    ("qcow2", make_qcow2(features=4), "data_file"),
    ("qcow2", make_qcow2(features=1 << 7), "features"),
    ("qcow2", make_qcow2(version=1), "version"),
    ("qcow2", make_qcow2(crypt=2), "encrypted"),
    ("qcow2", make_qcow2(cluster_bits=31), "cluster"),
    ("qcow2", make_qcow2(snapshots=1 << 31), "tables"),
    ("qcow2", make_qcow2()[:32769] + b"CD001\1" + make_qcow2()[32775:], "iso and qcow2"),
]


async def test_the_gate_refuses_and_leaves_nothing(cloud: Cloud) -> None:
    for disk_format, data, named in REFUSED:
        image = await create(cloud, disk_format=disk_format)
        reply = await upload(cloud, image["id"], data)
        assert reply.status_code == 400, (named, data[:20])
        message = reply.json()["message"]
        assert message.startswith("cannot store the") and named in message
        await assert_queued_without_bytes(cloud, image["id"])
    good = await upload(cloud, image["id"], make_qcow2())
    assert good.status_code == 204


async def test_a_late_refusal_leaves_nothing(cloud: Cloud) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield make_qcow2(features=4)
        for _ in range(8):
            yield os.urandom(MIB)

    image = await create(cloud, disk_format="qcow2")
    assert (await upload(cloud, image["id"], pieces())).status_code == 400
    await assert_queued_without_bytes(cloud, image["id"])


NOT_STORED = [
    {"disk_format": None},
    {"container_format": None},
    {"container_format": "ovf"},
    {"disk_format": "vmdk"},
    {"disk_format": "vhd"},
    {"disk_format": "ami"},
]


async def test_formats_that_cannot_be_stored(cloud: Cloud) -> None:
    for fields in NOT_STORED:
        image = await create(cloud, **fields)
        reply = await upload(cloud, image["id"], b"x")
        assert reply.status_code == 400 and next(iter(fields)) in reply.json()["message"]
        await assert_queued_without_bytes(cloud, image["id"])


async def test_upload_wants_octets_and_a_true_length(cloud: Cloud) -> None:
    image = await create(cloud)
    path = f"{IMAGES}/{image['id']}/file"
    token = {"x-auth-token": await cloud.token()}
    reply = await cloud.http.put(path, content=b"x", headers=token)
    assert reply.status_code == 415
    for size in ("2", "-1", "many"):
        headers = {**token, **OCTETS, "x-openstack-image-size": size}
        assert (await cloud.http.put(path, content=b"x", headers=headers)).status_code == 400
    await assert_queued_without_bytes(cloud, image["id"])


async def test_only_a_queued_image_of_ones_own_is_uploaded(cloud: Cloud) -> None:
    await add_user(cloud, "eve", "evil")
    image = await create_active(cloud, b"first", visibility="community")
    reply = await upload(cloud, image["id"], b"second")
    assert reply.status_code == 409 and "'active'" in reply.json()["message"]
    assert (await upload(cloud, image["id"], b"x", user="eve")).status_code == 403
    hidden = await create(cloud)
    assert (await upload(cloud, hidden["id"], b"x", user="eve")).status_code == 404
    assert (await download(cloud, image["id"])).content == b"first"
    assert (await show(cloud, hidden["id"]))["status"] == "queued"


async def test_a_second_upload_meanwhile_is_refused(cloud: Cloud) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        has_begun.set()
        await may_end.wait()

    image = await create(cloud)
    running = asyncio.create_task(upload(cloud, image["id"], pieces()))
    await has_begun.wait()
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()
    assert (await show(cloud, image["id"]))["status"] == "saving"
    assert (await upload(cloud, image["id"], b"second")).status_code == 409
    may_end.set()
    assert (await running).status_code == 204
    assert (await download(cloud, image["id"])).content == b"first"


async def test_an_image_deleted_during_its_upload_leaves_no_bytes(cloud: Cloud) -> None:
    image = await create(cloud)

    async def pieces() -> AsyncIterator[bytes]:
        yield os.urandom(2 * MIB)
        assert (await cloud.call("DELETE", f"{IMAGES}/{image['id']}")).status_code == 204
        yield os.urandom(2 * MIB)

    reply = await upload(cloud, image["id"], pieces())
    assert reply.status_code == 404 and "deleted" in reply.json()["message"]
    await cloud.settle()
    assert list_files(cloud) == set()


async def send_by_hand(
    cloud: Cloud, id: str, messages: list[dict[str, Any]], length: int
) -> list[dict[str, Any]]:
    """An upload made of ASGI messages; what the application sends."""
    token = await cloud.token()
    headers = {**OCTETS, "x-auth-token": token, "content-length": str(length)}
    path = f"{IMAGES}/{id}/file"
    scope = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "server": ("cloud.test", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict[str, Any]] = []
    queue = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(queue)

    async def send(message: Any) -> None:
        sent.append(message)

    await cloud.plane.build_app()(scope, receive, send)
    return sent


async def test_a_client_that_goes_away_leaves_nothing(cloud: Cloud) -> None:
    image = await create(cloud)
    part = {"type": "http.request", "body": bytes(2 * MIB) + b"x", "more_body": True}
    sent = await send_by_hand(cloud, image["id"], [part, {"type": "http.disconnect"}], 4 * MIB)
    assert sent == []
    await assert_queued_without_bytes(cloud, image["id"])
    assert (await upload(cloud, image["id"], b"again")).status_code == 204


async def test_a_body_that_ends_early_leaves_nothing(cloud: Cloud) -> None:
    image = await create(cloud)
    part = {"type": "http.request", "body": b"x" * MIB, "more_body": False}
    for length in (MIB + 1, MIB - 1):
        sent = await send_by_hand(cloud, image["id"], [part], length)
        assert sent[0]["status"] == 400
        assert str(length).encode() in sent[1]["body"]
        await assert_queued_without_bytes(cloud, image["id"])


async def test_caps_are_413_with_and_without_a_length(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * MIB

    limits = {"image_size_bytes_max": 2 * MIB, "image_virtual_size_bytes_max": 4 * MIB}
    async with running_cloud(tmp_path, **limits) as cloud:
        image = await create(cloud)
        for data in (b"x" * (2 * MIB + 1), pieces()):
            reply = await upload(cloud, image["id"], data)
            assert reply.status_code == 413 and str(2 * MIB) in reply.json()["message"]
            await assert_queued_without_bytes(cloud, image["id"])
        large = await create(cloud, disk_format="qcow2")
        reply = await upload(cloud, large["id"], make_qcow2(4 * MIB + 512))
        assert reply.status_code == 413 and "virtual size" in reply.json()["message"]
        assert (await upload(cloud, large["id"], make_qcow2(4 * MIB))).status_code == 204


async def test_quotas_count_what_is_stored_and_what_comes(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROJECT_QUOTA, "bytes", 3 * MIB)
    await create_active(cloud, os.urandom(2 * MIB))
    image = await create(cloud)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield os.urandom(MIB)

    for data in (os.urandom(2 * MIB), pieces()):
        reply = await upload(cloud, image["id"], data)
        assert reply.status_code == 413 and str(3 * MIB) in reply.json()["message"]
        await cloud.settle()
        assert len(list_files(cloud)) == 1
    assert (await upload(cloud, image["id"], os.urandom(MIB))).status_code == 204
    monkeypatch.setitem(PROJECT_QUOTA, "images", 2)
    reply = await cloud.call("POST", IMAGES, {"name": "third"})
    assert reply.status_code == 413 and "delete one" in reply.json()["message"]


async def test_deactivated_and_queued_images_are_not_downloaded(cloud: Cloud) -> None:
    image = await create(cloud)
    assert (await download(cloud, image["id"])).status_code == 204
    image = await create_active(cloud, b"bytes")
    await cloud.call("POST", f"{IMAGES}/{image['id']}/actions/deactivate")
    reply = await download(cloud, image["id"])
    assert reply.status_code == 403 and "deactivated" in reply.json()["message"]
    assert (await download(cloud, image["id"], user="admin")).content == b"bytes"


RANGES = [
    ("bytes=0-3", b"0123", "bytes 0-3/10"),
    ("bytes=4-", b"456789", "bytes 4-9/10"),
    ("bytes=-3", b"789", "bytes 7-9/10"),
    ("bytes=-30", b"0123456789", "bytes 0-9/10"),
    ("bytes=9-100", b"9", "bytes 9-9/10"),
]


async def test_ranges(cloud: Cloud) -> None:
    image = await create_active(cloud, b"0123456789")
    for asked, content, content_range in RANGES:
        reply = await download(cloud, image["id"], range=asked)
        assert reply.status_code == 206 and reply.content == content
        assert reply.headers["content-range"] == content_range
        assert reply.headers["content-length"] == str(len(content))


NO_RANGES = ["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=-", "x", "a=1-2"]


async def test_ranges_that_are_not_there_are_416(cloud: Cloud) -> None:
    image = await create_active(cloud, b"0123456789")
    for asked in NO_RANGES:
        reply = await download(cloud, image["id"], range=asked)
        assert reply.status_code == 416
        assert reply.headers["content-range"] == "bytes */10"
        assert reply.json()["message"].startswith("cannot ")
        assert parse_range(asked, 10) is None


async def test_head_has_the_headers_alone(cloud: Cloud) -> None:
    image = await create_active(cloud, b"0123456789")
    reply = await cloud.call("HEAD", f"{IMAGES}/{image['id']}/file")
    assert reply.status_code == 200 and reply.content == b""
    assert reply.headers["content-length"] == "10"
    assert reply.headers["content-md5"] == image["checksum"]


async def test_equal_content_is_stored_once_and_goes_with_its_last_image(cloud: Cloud) -> None:
    data = os.urandom(MIB)
    first, second = await create_active(cloud, data), await create_active(cloud, data)
    blob = {f"blobs/{first['os_hash_value']}"}
    assert list_files(cloud) == blob
    await cloud.call("DELETE", f"{IMAGES}/{first['id']}")
    await cloud.settle()
    assert list_files(cloud) == blob
    assert (await download(cloud, second["id"])).content == data
    await cloud.call("DELETE", f"{IMAGES}/{second['id']}")
    await cloud.settle()
    assert list_files(cloud) == set()


async def test_zeros_take_no_room(cloud: Cloud) -> None:
    data = b"x" + bytes(8 * MIB) + b"y" + bytes(8 * MIB)
    image = await create_active(cloud, data)
    path = cloud.settings.api_dir / "images" / "blobs" / image["os_hash_value"]
    assert path.stat().st_size == len(data)
    assert path.stat().st_blocks * 512 < MIB
    assert (await download(cloud, image["id"])).content == data


async def test_the_files_are_for_the_api_process_alone(cloud: Cloud) -> None:
    image = await create_active(cloud)
    path = cloud.settings.api_dir / "images" / "blobs" / image["os_hash_value"]
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_large_upload_takes_constant_memory(cloud: Cloud) -> None:
    piece = os.urandom(MIB)
    seen: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            seen.append(resident_bytes())
            yield piece

    image = await create(cloud)
    assert (await upload(cloud, image["id"], pieces())).status_code == 204
    assert (await show(cloud, image["id"]))["size"] == 200 * MIB
    assert max(seen) - seen[0] < 64 * MIB


def resident_bytes() -> int:
    """Memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
