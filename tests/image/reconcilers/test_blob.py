"""Contents that nothing names go; contents in use stay."""

import asyncio
import os

from cloud import Cloud
from image_files import create, create_active, list_files, show, upload
from pilvi.image.reconcilers.blob import BlobReconciler

IMAGES = "/image/v2/images"


async def test_a_content_without_a_row_is_removed_and_others_stay(cloud: Cloud) -> None:
    image = await create_active(cloud, b"in use")
    root = cloud.settings.api_dir / "images"
    (root / "blobs" / ("f" * 128)).write_bytes(b"stray")
    (root / "trash").mkdir(exist_ok=True)
    (root / "trash" / ("e" * 128)).write_bytes(b"left by a kill")
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()
    assert list_files(cloud) == {f"blobs/{image['os_hash_value']}"}
    reconciler = BlobReconciler(cloud.db, cloud.plane.blobs)
    assert await reconciler.list_unsettled() == []
    await reconciler.reconcile(image["os_hash_value"])
    reply = await cloud.call("GET", f"{IMAGES}/{image['id']}/file")
    assert reply.content == b"in use"


async def test_uploads_and_deletes_of_one_content_race_without_loss(cloud: Cloud) -> None:
    data = os.urandom(200_000)

    async def live_and_die(rounds: int) -> None:
        for _ in range(rounds):
            image = await create(cloud)
            assert (await upload(cloud, image["id"], data)).status_code == 204
            reply = await cloud.call("GET", f"{IMAGES}/{image['id']}/file")
            assert reply.content == data
            assert (await cloud.call("DELETE", f"{IMAGES}/{image['id']}")).status_code == 204

    await asyncio.gather(*(live_and_die(8) for _ in range(4)))
    await cloud.settle()
    assert list_files(cloud) == set()


async def test_a_running_download_outlives_its_image(cloud: Cloud) -> None:
    data = os.urandom(3 << 20)
    image = await create_active(cloud, data)
    sha512 = (await show(cloud, image["id"]))["os_hash_value"]
    with cloud.plane.blobs.open_blob(sha512) as reader:
        first = reader.read(1 << 20)
        await cloud.call("DELETE", f"{IMAGES}/{image['id']}")
        await cloud.settle()
        assert list_files(cloud) == set()
        rest = b"".join(iter(lambda: reader.read(1 << 20), b""))
    assert first + rest == data
