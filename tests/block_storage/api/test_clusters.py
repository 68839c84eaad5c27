"""Clusters: there are none."""

import pytest

from cloud import Cloud
from volume_talk import ROOT, call, message


async def test_there_are_no_clusters(cloud: Cloud) -> None:
    for path in ("/clusters", "/clusters/detail?is_up=true"):
        assert (await call(cloud, "GET", path, user="admin")).json() == {"clusters": []}
    message(await call(cloud, "GET", "/clusters", user="demo"), 403, "forbidden")
    message(await call(cloud, "GET", "/clusters/a@b", user="admin"), 404, "itemNotFound")
    for word in ("enable", "disable"):
        reply = await call(cloud, "PUT", f"/clusters/{word}", {"name": "a"}, user="admin")
        message(reply, 404, "itemNotFound")


@pytest.mark.edge("volume", "3.26")
async def test_filters_of_clusters_have_their_versions(cloud: Cloud) -> None:
    reply = await call(cloud, "GET", "/clusters?colour=red", user="admin")
    assert "colour" in message(reply, 400, "badRequest")
    for version, status in (("3.6", 404), ("3.25", 400), ("3.26", 200)):
        headers = {"openstack-api-version": f"volume {version}"}
        path = f"{ROOT}/clusters?frozen=true"
        reply = await cloud.call("GET", path, user="admin", headers=headers)
        assert reply.status_code == status
