"""Operations on records, on both databases."""

from dataclasses import replace

import pytest

from image_files import blank_image
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict, Forbidden, NotFound, QuotaExceeded
from pilvi.image.model.image import DiskFormat, Status, Viewer, Visibility
from pilvi.image.model.image_filter import ImageFilter
from pilvi.image.model.member import MemberStatus
from pilvi.image.model.quota import PROJECT_QUOTA
from pilvi.image.operations import images as operations
from pilvi.image.operations import members

OWNER, OTHER, ADMIN = Viewer("project-1"), Viewer("project-2"), Viewer("x", is_admin=True)


async def test_a_project_may_use_what_it_sees_and_accepted(db: Database) -> None:
    async with db.write() as tx:
        made = {}
        for visibility in Visibility:
            fields = {"visibility": visibility, "owner": "project-1"}
            made[visibility] = await operations.create_image(tx, ADMIN, fields, {})
        shared = made[Visibility.SHARED].id
        await members.add_member(tx, OWNER, shared, "project-2")
        seen = set()
        for visibility, image in made.items():
            try:
                await operations.get_image(tx, image.id, "project-2")
                seen.add(visibility)
            except NotFound:
                continue
        assert seen == {Visibility.PUBLIC, Visibility.COMMUNITY}
        await members.update_member(tx, OTHER, shared, "project-2", MemberStatus.ACCEPTED)
        assert (await operations.get_image(tx, shared, "project-2")).id == shared
        for image in made.values():
            assert await operations.get_image(tx, image.id, None) == image
            assert await operations.get_image(tx, image.id, "project-1") == image
    async with db.read() as tx:
        listed, more = await operations.list_images(tx, OTHER, ImageFilter(), Page())
        assert {one.visibility for one in listed} == {Visibility.PUBLIC, Visibility.SHARED}
        assert not more


async def test_what_changes_an_image_moves_its_time(db: Database) -> None:
    async with db.write() as tx:
        image = await operations.create_image(tx, OWNER, {"name": "a"}, {"p": "v"})
        await operations.add_tag(tx, OWNER, image.id, "t")
        tagged = await operations.show_image(tx, OWNER, image.id)
        assert tagged.tags == ("t",) and tagged.properties == {"p": "v"}
        assert tagged.updated_at > image.updated_at and tagged.created_at == image.created_at
        await operations.add_tag(tx, OWNER, image.id, "t")
        assert await operations.show_image(tx, OWNER, image.id) == tagged


async def test_ids_are_never_free_again(db: Database) -> None:
    async with db.write() as tx:
        image = await operations.create_image(tx, OWNER, {}, {})
        await operations.delete_image(tx, OWNER, image.id)
        with pytest.raises(NotFound):
            await operations.show_image(tx, ADMIN, image.id)
        with pytest.raises(Conflict, match=image.id):
            await operations.create_image(tx, OTHER, {"id": image.id}, {})


async def test_only_the_owner_and_admins_delete(db: Database) -> None:
    async with db.write() as tx:
        fields = {"visibility": Visibility.COMMUNITY}
        image = await operations.create_image(tx, OWNER, fields, {})
        with pytest.raises(Forbidden):
            await operations.delete_image(tx, OTHER, image.id)
        await operations.delete_image(tx, ADMIN, image.id)


async def test_records_for_captures_count_in_the_quota(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROJECT_QUOTA, "images", 1)
    async with db.write() as tx:
        image = await operations.create_image_record(
            tx,
            owner="project-1",
            name="snap",
            disk_format="qcow2",
            properties={"base": "x"},
            min_disk_gib=2,
        )
        assert (image.status, image.visibility) == (Status.QUEUED, Visibility.PRIVATE)
        assert (image.disk_format, image.min_disk_gib) == (DiskFormat.QCOW2, 2)
        with pytest.raises(QuotaExceeded, match="delete one"):
            await operations.create_image_record(
                tx, owner="project-1", name="more", disk_format="qcow2", properties={}
            )


async def test_a_failed_image_says_why_and_one_with_bytes_keeps_them(db: Database) -> None:
    async with db.write() as tx:
        image = await operations.create_image(tx, OWNER, {}, {})
        await operations.fail_image(tx, image.id, "no room")
        await operations.fail_image(tx, "unknown", "x")
        failed = await operations.show_image(tx, OWNER, image.id)
        assert (failed.status, failed.fault) == (Status.KILLED, "no room")
        other = await operations.create_image(tx, OWNER, {}, {})
        active = await operations.save_image(tx, replace(other, status=Status.ACTIVE), other)
        await operations.fail_image(tx, other.id, "late")
        assert await operations.show_image(tx, OWNER, other.id) == active


def test_image_source_is_never_probed() -> None:
    known = {
        "status": Status.ACTIVE,
        "sha512": "0" * 128,
        "size_bytes": 5,
        "virtual_size_bytes": 7,
    }
    for disk_format, opened in (("raw", "raw"), ("qcow2", "qcow2"), ("iso", "raw")):
        image = blank_image(disk_format=DiskFormat(disk_format), **known)
        source = operations.image_source(image)
        assert source.disk_format == opened
        assert (source.size_bytes, source.virtual_size_bytes) == (5, 7)
        assert (source.image_id, source.sha512) == (image.id, "0" * 128)
    for status in set(Status) - {Status.ACTIVE}:
        with pytest.raises(Conflict, match=status):
            operations.image_source(blank_image(**{**known, "status": status}))
