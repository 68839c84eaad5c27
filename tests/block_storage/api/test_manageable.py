"""Disks that could be taken over: there are none."""

import pytest

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.api.manageable import KINDS
from volume_talk import ROOT, call, message


@pytest.mark.parametrize("path", KINDS)
async def test_nothing_is_taken_over(cloud: Cloud, host: FakeHost, path: str) -> None:
    for at in (path, f"{path}/detail"):
        reply = await call(cloud, "GET", f"{at}?host=host1@pilvi", user="admin")
        assert reply.json() == {KINDS[path]: []}
        message(await call(cloud, "GET", at, user="admin"), 400, "badRequest")
        message(await call(cloud, "GET", f"{at}?host=other", user="admin"), 404, "itemNotFound")
        message(await call(cloud, "GET", f"{at}?host=host1"), 403, "forbidden")
    body = {"volume": {"host": "host1", "ref": {"source-name": "x"}}}
    message(await call(cloud, "POST", path, body, user="admin"), 501, "notImplemented")


async def test_the_newer_paths_came_with_3_8(cloud: Cloud, host: FakeHost) -> None:
    for version, status in (("3.7", 404), ("3.8", 200)):
        headers = {"openstack-api-version": f"volume {version}"}
        path = f"{ROOT}/manageable_volumes?host=host1"
        reply = await cloud.call("GET", path, user="admin", headers=headers)
        assert reply.status_code == status
