"""Hosts fetch images they were given and send captures they were asked for."""

import os
from typing import Any

import httpx
import msgspec

from cloud import Cloud
from fake_hosts import FakeHost, add_host
from image_files import create_active, list_files, make_qcow2, show
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import CaptureSpec
from pilvi.hosts.operations.assignments import assign, host_uses_image, withdraw
from pilvi.image.operations.images import create_image_record, fail_image, get_image


class Names(msgspec.Struct):
    """The part of a vm's spec that names an image, as deep as the real one does."""

    disks: list[dict[str, dict[str, str]]]


class Told(msgspec.Struct):
    """The part of a vm's spec that holds words of its owner."""

    documents: dict[str, Any]
    disks: list[dict[str, str]]


def names_image(image_id: str) -> Names:
    """A spec with a disk made from an image."""
    return Names([{"image": {"image_id": image_id}}])


async def ask(
    cloud: Cloud, method: str, image_id: str, data: bytes | None = None, *, host: str = "host1"
) -> httpx.Response:
    """A request as a host makes it."""
    headers = {"authorization": f"Bearer credential of {host}"}
    path = f"/host/v1/images/{image_id}/data"
    return await cloud.http.request(method, path, content=data, headers=headers)


async def give(cloud: Cloud, host: FakeHost, image_id: str, id: str = "vm-1") -> None:
    """Wish that the host holds a vm made from the image."""
    async with cloud.db.write() as tx:
        await assign(tx, host.host.id, Kind.VM, id, names_image(image_id), owner=("server", id))


async def order_capture(cloud: Cloud, host: FakeHost) -> str:
    """Wish for a capture; the id of its image."""
    async with cloud.db.write() as tx:
        demo = cloud.project_ids["demo"]
        image = await create_image_record(
            tx, owner=demo, name="snap", disk_format="qcow2", properties={"a": "b"}
        )
        spec = CaptureSpec(image_id=image.id, server_id="s", device="vda", disk_format="qcow2")
        owner = ("snapshot", image.id)
        await assign(tx, host.host.id, Kind.CAPTURE, image.id, spec, owner=owner)
    return image.id


async def test_a_host_reads_what_it_was_given_and_nothing_else(cloud: Cloud) -> None:
    host, data = await add_host(cloud.db), os.urandom(100_000)
    await add_host(cloud.db, "host2")
    image = await create_active(cloud, data)
    assert (await ask(cloud, "GET", image["id"])).status_code == 404
    await give(cloud, host, image["id"])
    reply = await ask(cloud, "GET", image["id"])
    assert reply.status_code == 200 and reply.content == data
    assert reply.headers["content-length"] == "100000"
    assert (await ask(cloud, "HEAD", image["id"])).headers["content-length"] == "100000"
    assert (await ask(cloud, "GET", image["id"], host="host2")).status_code == 404
    refused = await ask(cloud, "GET", image["id"], host="nobody")
    assert refused.status_code == 401 and refused.json()["kind"] == "Unauthenticated"
    async with cloud.db.write() as tx:
        await withdraw(tx, Kind.VM, "vm-1")
    assert (await ask(cloud, "GET", image["id"])).status_code == 404


async def test_a_users_token_is_no_hosts_credential(cloud: Cloud) -> None:
    image = await create_active(cloud)
    reply = await cloud.call("GET", f"/host/v1/images/{image['id']}/data", user="admin")
    assert reply.status_code == 401


async def test_an_id_with_wildcards_matches_nothing(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    image = await create_active(cloud)
    await give(cloud, host, image["id"])
    async with cloud.db.read() as tx:
        assert await host_uses_image(tx, host.host.id, image["id"])
        for id in ("%", "_" * 36, image["id"][:-1] + "_", '","image_id":"', ""):
            assert not await host_uses_image(tx, host.host.id, id)


async def test_what_a_tenant_wrote_gives_a_host_nothing(cloud: Cloud) -> None:
    """A guest's metadata may speak of an image; only its disks are made of one."""
    host = await add_host(cloud.db)
    image = await create_active(cloud)
    spec = {"documents": {"meta_data": {"meta": {"image_id": image["id"]}}}, "disks": []}
    async with cloud.db.write() as tx:
        told = msgspec.convert(spec, Told)
        await assign(tx, host.host.id, Kind.VM, "vm-1", told, owner=("server", "vm-1"))
    assert (await ask(cloud, "GET", image["id"])).status_code == 404


async def test_a_capture_is_sent_once_and_again(cloud: Cloud) -> None:
    host, data = await add_host(cloud.db), make_qcow2()
    await add_host(cloud.db, "host2")
    image_id = await order_capture(cloud, host)
    assert (await ask(cloud, "PUT", image_id, data, host="host2")).status_code == 404
    assert (await ask(cloud, "GET", image_id)).status_code == 404
    assert (await ask(cloud, "PUT", image_id, data)).status_code == 204
    image = await show(cloud, image_id)
    assert image["status"] == "active" and image["visibility"] == "private"
    assert image["a"] == "b" and image["size"] == len(data)
    again = await ask(cloud, "PUT", image_id, make_qcow2(5 << 20))
    assert again.status_code == 204
    assert await show(cloud, image_id) == image


async def test_a_capture_passes_the_same_gate(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    image_id = await order_capture(cloud, host)
    for data in (make_qcow2(backing_offset=112), b"raw"):
        reply = await ask(cloud, "PUT", image_id, data)
        assert reply.status_code == 400 and reply.json()["kind"] == "InvalidRequest"
        assert list_files(cloud) == set()
    assert (await show(cloud, image_id))["status"] == "queued"
    assert (await ask(cloud, "PUT", image_id, make_qcow2())).status_code == 204


async def test_a_capture_that_was_given_up_is_refused(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    image_id = await order_capture(cloud, host)
    async with cloud.db.write() as tx:
        await fail_image(tx, image_id, "the host lost the disk")
        await fail_image(tx, image_id, "again")
    image = await show(cloud, image_id)
    assert (image["status"], image["pilvi_fault"]) == ("killed", "the host lost the disk")
    assert (await ask(cloud, "PUT", image_id, make_qcow2())).status_code == 409
    await cloud.call("DELETE", f"/image/v2/images/{image_id}")
    assert (await ask(cloud, "PUT", image_id, make_qcow2())).status_code == 404


async def test_an_image_in_use_may_be_deleted(cloud: Cloud) -> None:
    host = await add_host(cloud.db)
    image = await create_active(cloud)
    await give(cloud, host, image["id"])
    assert (await cloud.call("DELETE", f"/image/v2/images/{image['id']}")).status_code == 204
    assert (await ask(cloud, "GET", image["id"])).status_code == 404


async def test_other_services_see_an_image_as_a_project_does(cloud: Cloud) -> None:
    image = await create_active(cloud)
    async with cloud.db.read() as tx:
        found = await get_image(tx, image["id"], cloud.project_ids["demo"])
        assert found == await get_image(tx, image["id"], None)
    assert found.sha512 == image["os_hash_value"]
