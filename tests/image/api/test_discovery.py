"""Discovery."""

import pytest

from cloud import Cloud


@pytest.mark.parametrize("path", ["/image", "/image/", "/image/versions"])
async def test_anybody_sees_the_versions(cloud: Cloud, path: str) -> None:
    reply = await cloud.call("GET", path, user=None)
    assert reply.status_code == 300
    versions = reply.json()["versions"]
    assert [one["id"] for one in versions if one["status"] == "CURRENT"] == ["v2.15"]
    assert [one["id"] for one in versions[1:]] == [f"v2.{minor}" for minor in range(13, -1, -1)]
    links = {one["links"][0]["href"] for one in versions}
    assert links == {"http://cloud.test/image/v2/"}


async def test_an_unknown_path_has_the_services_fault(cloud: Cloud) -> None:
    reply = await cloud.call("GET", "/image/v2/nothing")
    assert reply.status_code == 404
    assert reply.json()["code"] == "404 Not Found"
    assert reply.json()["title"] == "Not Found"
