"""Uploads whose process was killed, at every point."""

import asyncio
import datetime
import os
import signal
import sys
from pathlib import Path

import pytest

from cloud import Cloud
from image_files import create, list_files, show, upload
from pilvi.core.db import now
from pilvi.image.model.image import ImageId, Viewer
from pilvi.image.model.upload import Purpose, Stored, Upload, UploadLimits
from pilvi.image.operations import images, uploads
from pilvi.image.reconcilers.upload import BEGIN_S, Step, UploadReconciler, plan_upload
from pilvi.image.store.blobs import Blobs

STORED = Stored(5, 5, "a" * 128, "b" * 32)
LIMITS = UploadLimits(1 << 40, 1 << 40)

# A process that begins to write an upload's file and says so.
WRITER = """
import sys, time
from pathlib import Path
from pilvi.image.store.blobs import Blobs
deposit = Blobs(Path(sys.argv[1])).open_deposit(sys.argv[2])
deposit.write(b"x" * (3 << 20))
print("writing", flush=True)
time.sleep(60)
"""


def make_upload(*, finished: bool = False) -> Upload:
    """An upload on paper."""
    return Upload(
        id="u",
        image_id=ImageId("i"),
        owner="p",
        purpose=Purpose.UPLOAD,
        started_at=now(),
        reserved_bytes=0,
        finished=finished,
    )


def test_plan() -> None:
    begun, staged = make_upload(), make_upload(finished=True)
    late = BEGIN_S + 1
    for upload_row in (None, begun, staged):
        assert plan_upload(upload_row, True, late) == []
    assert plan_upload(None, None, 0) == plan_upload(staged, None, late) == []
    assert plan_upload(None, False, 0) == plan_upload(staged, False, 0) == [Step.REMOVE_FILE]
    assert plan_upload(begun, None, 0) == [Step.WAIT]
    assert plan_upload(begun, None, late) == [Step.GIVE_UP, Step.REMOVE_FILE]
    assert plan_upload(begun, False, 0) == [Step.GIVE_UP, Step.REMOVE_FILE]


async def begin(cloud: Cloud, image_id: str, purpose: Purpose = Purpose.UPLOAD) -> str:
    """Record an upload as the API does; its id."""
    viewer = Viewer(cloud.project_ids["demo"])
    async with cloud.db.write() as tx:
        image = await images.show_image(tx, viewer, image_id)
        return (await uploads.begin_upload(tx, image, purpose, None, LIMITS)).id


async def sweep(cloud: Cloud) -> None:
    """What the loop does at start and every while."""
    await cloud.plane.loop.wake_unsettled()
    await cloud.settle()


async def test_a_killed_process_leaves_a_queued_image_and_no_bytes(
    cloud: Cloud, tmp_path: Path
) -> None:
    image = await create(cloud)
    upload_id = await begin(cloud, image["id"])
    folder = str(cloud.settings.api_dir / "images")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, folder, upload_id),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"writing\n"
        await sweep(cloud)
        assert (await show(cloud, image["id"]))["status"] == "saving"
        assert list_files(cloud) == {f"incoming/{upload_id}"}
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await sweep(cloud)
    assert (await show(cloud, image["id"]))["status"] == "queued"
    assert list_files(cloud) == set()
    assert (await upload(cloud, image["id"], b"again")).status_code == 204


KILLED_AFTER = ("file", "recorded", "linked", "active", "staged")


@pytest.mark.parametrize("point", KILLED_AFTER)
async def test_killed_after_each_step(cloud: Cloud, point: str) -> None:
    image = await create(cloud)
    upload_id = await begin(
        cloud, image["id"], Purpose.STAGE if point == "staged" else Purpose.UPLOAD
    )
    root = cloud.settings.api_dir / "images"
    deposit = cloud.plane.blobs.open_deposit(upload_id)
    deposit.write(b"bytes")
    if point != "file":
        async with cloud.db.write() as tx:
            await uploads.record_stored(tx, upload_id, STORED)
    if point in ("linked", "active", "staged"):
        deposit.keep(STORED.sha512)
    if point in ("active", "staged"):
        async with cloud.db.write() as tx:
            await uploads.finish_upload(tx, upload_id)
    await sweep(cloud)
    assert f"incoming/{upload_id}" in list_files(cloud), "nothing is taken from a living writer"
    # What the kernel does to a killed process: the file stays, the lock goes.
    (root / "incoming" / "copy").hardlink_to(root / "incoming" / upload_id)
    deposit.close()
    (root / "incoming" / "copy").rename(root / "incoming" / upload_id)
    await sweep(cloud)
    await sweep(cloud)
    status = (await show(cloud, image["id"]))["status"]
    if point in ("active", "staged"):
        assert status == {"active": "active", "staged": "uploading"}[point]
        assert list_files(cloud) == {f"blobs/{STORED.sha512}"}
    else:
        assert status == "queued"
        assert list_files(cloud) == set()


async def test_an_upload_that_never_made_its_file_waits_a_little(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = await create(cloud)
    upload_id = await begin(cloud, image["id"])
    reconciler = UploadReconciler(cloud.db, cloud.plane.blobs)
    await reconciler.reconcile(upload_id)
    assert (await show(cloud, image["id"]))["status"] == "saving"
    later = now() + datetime.timedelta(seconds=BEGIN_S)
    monkeypatch.setattr("pilvi.image.reconcilers.upload.now", lambda: later)
    await reconciler.reconcile(upload_id)
    assert (await show(cloud, image["id"]))["status"] == "queued"


async def test_a_file_without_a_record_is_removed(cloud: Cloud) -> None:
    root = cloud.settings.api_dir / "images" / "incoming"
    root.mkdir(parents=True)
    (root / "stray").write_bytes(b"x")
    await sweep(cloud)
    assert list_files(cloud) == set()


async def test_blobs_of_two_processes_see_each_other(tmp_path: Path) -> None:
    first, second = Blobs(tmp_path), Blobs(tmp_path)
    deposit = first.open_deposit("u")
    assert second.find_writer("u") is True
    deposit.close()
    assert second.find_writer("u") is None
