"""The API caches nothing and says so; what would fill a cache has no path."""

from cloud import Cloud


async def test_nothing_is_cached_and_only_admins_ask(cloud: Cloud) -> None:
    listed = await cloud.call("GET", "/image/v2/cache", user="admin")
    assert listed.json() == {"cached_images": [], "queued_images": []}
    cleared = await cloud.call("DELETE", "/image/v2/cache", user="admin")
    assert (cleared.status_code, cleared.content) == (204, b"")
    assert (await cloud.call("GET", "/image/v2/cache")).status_code == 403
    queued = await cloud.call("PUT", "/image/v2/cache/some-image", user="admin")
    assert queued.status_code == 404
