"""Records of uploads, on both databases."""

import pytest

from pilvi.core.db import Database
from pilvi.errors import Conflict, InvalidRequest, NotFound, QuotaExceeded, TooLarge
from pilvi.image.model.image import ContainerFormat, DiskFormat, Image, Status, Viewer
from pilvi.image.model.quota import PROJECT_QUOTA
from pilvi.image.model.upload import Purpose, Stored, UploadLimits
from pilvi.image.operations import images, uploads
from pilvi.image.store.uploads import find_upload

OWNER = Viewer("project-1")
LIMITS = UploadLimits(1000, 1000)
STORED = Stored(5, 7, "a" * 128, "b" * 32)
FIELDS = {"disk_format": DiskFormat.RAW, "container_format": ContainerFormat.BARE}


async def read(db: Database, image: Image) -> Image:
    """The image as it is now."""
    async with db.read() as tx:
        return await images.show_image(tx, OWNER, image.id)


async def begin(db: Database, purpose: Purpose = Purpose.UPLOAD) -> tuple[Image, str]:
    """A new image and the id of an upload that began."""
    async with db.write() as tx:
        image = await images.create_image(tx, OWNER, FIELDS, {})
        upload = await uploads.begin_upload(tx, image, purpose, 5, LIMITS)
    return image, upload.id


async def test_an_upload_from_record_to_active(db: Database) -> None:
    image, id = await begin(db)
    assert (await read(db, image)).status is Status.SAVING
    async with db.write() as tx:
        await uploads.record_stored(tx, id, STORED)
    saving = await read(db, image)
    assert saving.status is Status.SAVING and saving.sha512 is None
    async with db.write() as tx:
        await uploads.finish_upload(tx, id)
    active = await read(db, image)
    assert (active.status, active.sha512, active.checksum) == (
        Status.ACTIVE,
        STORED.sha512,
        STORED.checksum,
    )
    assert (active.size_bytes, active.virtual_size_bytes) == (5, 7)
    async with db.write() as tx:
        assert await find_upload(tx, id) is None
        await uploads.give_up_upload(tx, id)
    assert await read(db, image) == active


async def test_a_given_up_upload_leaves_a_queued_image(db: Database) -> None:
    for purpose in (Purpose.UPLOAD, Purpose.STAGE):
        image, id = await begin(db, purpose)
        for _ in range(2):
            async with db.write() as tx:
                await uploads.give_up_upload(tx, id)
        assert (await read(db, image)).status is Status.QUEUED
        async with db.write() as tx:
            with pytest.raises(Conflict, match="given up"):
                await uploads.finish_upload(tx, id)


async def test_an_upload_outlives_its_image_until_it_ends(db: Database) -> None:
    image, id = await begin(db)
    async with db.write() as tx:
        await images.delete_image(tx, OWNER, image.id)
    async with db.write() as tx:
        assert await find_upload(tx, id) is not None
        with pytest.raises(NotFound, match="deleted"):
            await uploads.note_progress(tx, id, 10)
        await uploads.give_up_upload(tx, id)
        assert await find_upload(tx, id) is None


async def test_staged_bytes_wait_and_are_imported(db: Database) -> None:
    image, id = await begin(db, Purpose.STAGE)
    async with db.write() as tx:
        staged = await images.show_image(tx, OWNER, image.id)
        with pytest.raises(Conflict, match="stage"):
            await uploads.import_staged(tx, staged)
        await uploads.record_stored(tx, id, STORED)
        await uploads.finish_upload(tx, id)
        await uploads.give_up_upload(tx, id)
        assert await find_upload(tx, id) is not None
        await uploads.import_staged(tx, staged)
    assert (await read(db, image)).status is Status.ACTIVE


async def test_what_cannot_begin(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with db.write() as tx:
        bare = await images.create_image(tx, OWNER, {}, {})
        with pytest.raises(InvalidRequest, match="disk_format and container_format"):
            await uploads.begin_upload(tx, bare, Purpose.UPLOAD, None, LIMITS)
        image = await images.create_image(tx, OWNER, FIELDS, {})
        with pytest.raises(TooLarge):
            await uploads.begin_upload(tx, image, Purpose.UPLOAD, 1001, LIMITS)
        monkeypatch.setitem(PROJECT_QUOTA, "uploads", 0)
        with pytest.raises(QuotaExceeded, match="under way"):
            await uploads.begin_upload(tx, image, Purpose.UPLOAD, None, LIMITS)


async def test_bytes_under_way_count(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROJECT_QUOTA, "bytes", 100)
    _, id = await begin(db)
    async with db.write() as tx:
        await uploads.note_progress(tx, id, 95)
        image = await images.create_image(tx, OWNER, FIELDS, {})
        with pytest.raises(QuotaExceeded, match="100"):
            await uploads.begin_upload(tx, image, Purpose.UPLOAD, 6, LIMITS)
        with pytest.raises(QuotaExceeded):
            await uploads.note_progress(tx, id, 101)
