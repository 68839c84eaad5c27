"""Collections into which nothing can be put."""

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.api.unserved import COLLECTIONS
from volume_talk import call, message

PATHS = COLLECTIONS


async def test_lists_are_empty_and_making_is_refused(cloud: Cloud, host: FakeHost) -> None:
    for path in PATHS:
        key = COLLECTIONS[path][0]
        for at in (path, f"{path}/detail"):
            assert (await call(cloud, "GET", at)).json() == {key: []}
        message(await call(cloud, "POST", path, {key[:-1]: {}}), 501, "notImplemented")
        for method in ("GET", "PUT", "DELETE"):
            message(await call(cloud, method, f"{path}/x", {}), 404, "itemNotFound")
