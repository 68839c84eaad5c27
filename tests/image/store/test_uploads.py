"""Rows of uploads, on both databases."""

from dataclasses import replace

from image_files import blank_image
from pilvi.core.db import Database, now
from pilvi.image.model.upload import Purpose, Stored, Upload
from pilvi.image.store import uploads as store


async def test_an_upload_from_its_first_row_to_its_last(db: Database) -> None:
    upload = Upload(
        id="upload-1",
        image_id=blank_image().id,
        owner="project-1",
        purpose=Purpose.STAGE,
        started_at=now(),
        reserved_bytes=5,
    )
    stored = Stored(1 << 41, 1 << 42, "a" * 128, "b" * 32)
    async with db.write() as tx:
        await store.insert_upload(tx, upload)
        assert await store.find_upload(tx, "upload-1") == upload
        assert await store.count_uploads(tx, "project-1") == (1, 5)
        await store.update_reserved(tx, "upload-1", 9)
        assert await store.count_uploads(tx, "project-1") == (1, 9)
        assert await store.list_unfinished(tx) == ["upload-1"]
        await store.update_stored(tx, "upload-1", stored)
        await store.update_finished(tx, "upload-1")
        assert await store.list_unfinished(tx) == []
        known = replace(upload, reserved_bytes=1 << 41, stored=stored, finished=True)
        assert await store.list_uploads(tx, upload.image_id) == [known]
        assert await store.list_used_blobs(tx, ["a" * 128, "x"]) == {"a" * 128}
        for _ in range(2):
            await store.delete_upload(tx, "upload-1")
        assert await store.find_upload(tx, "upload-1") is None
        assert await store.count_uploads(tx, "project-1") == (0, 0)
