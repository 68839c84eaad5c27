"""Cleaning up after dead services: nothing is ever left over."""

from cloud import Cloud
from volume_talk import ROOT, call, message


async def test_there_is_nothing_to_clean(cloud: Cloud) -> None:
    for body in ({}, {"host": "host1", "is_up": "true", "binary": "cinder-volume"}):
        reply = await call(cloud, "POST", "/workers/cleanup", body, user="admin")
        assert (reply.status_code, reply.json()) == (202, {"cleaning": [], "unavailable": []})
    message(await call(cloud, "POST", "/workers/cleanup", {}), 403, "forbidden")
    reply = await call(cloud, "POST", "/workers/cleanup", {"colour": 1}, user="admin")
    message(reply, 400, "badRequest")


async def test_it_came_with_3_24(cloud: Cloud) -> None:
    for version, status in (("3.23", 404), ("3.24", 202)):
        headers = {"openstack-api-version": f"volume {version}"}
        path = f"{ROOT}/workers/cleanup"
        reply = await cloud.call("POST", path, {}, user="admin", headers=headers)
        assert reply.status_code == status
