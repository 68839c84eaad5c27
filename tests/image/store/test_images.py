"""Rows of images, on both databases."""

import datetime
from dataclasses import replace

import pytest

from image_files import blank_image
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict
from pilvi.image.model.image import DiskFormat, Image, Status, Viewer, Visibility
from pilvi.image.model.image_filter import ImageFilter, TimeOperator
from pilvi.image.store import images as store

OWNER, ADMIN = Viewer("project-1"), Viewer("", is_admin=True)


async def insert(db: Database, *images: Image) -> None:
    """Add images."""
    async with db.write() as tx:
        for image in images:
            await store.insert_image(tx, image)


async def names(db: Database, wanted: ImageFilter, viewer: Viewer = OWNER) -> set[str | None]:
    """Names of the images that a filter finds."""
    async with db.read() as tx:
        found, _ = await store.list_images(tx, viewer, wanted, Page())
    return {image.name for image in found}


async def test_an_image_is_read_as_it_was_written(db: Database) -> None:
    image = blank_image(
        properties={"b": "2", "a": "1", "long": "x" * 60_000},
        tags=("one", "two"),
        protected=True,
        size_bytes=1 << 41,
        virtual_size_bytes=1 << 42,
        sha512="a" * 128,
        checksum="b" * 32,
        fault="none",
        min_disk_gib=3,
        min_ram_mib=4,
    )
    await insert(db, image)
    async with db.read() as tx:
        assert await store.find_image(tx, image.id, OWNER, None) == image
        assert await store.find_image(tx, image.id.upper(), OWNER, None) == image
        assert await store.find_image(tx, image.id, Viewer("other"), None) is None
        assert await store.find_image(tx, "no\0uuid", ADMIN, None) is None
        assert await store.is_id_taken(tx, image.id)
        assert await store.count_images(tx, "project-1") == (1, 1 << 41)
        assert await store.count_images(tx, "project-2") == (0, 0)
        assert await store.list_used_blobs(tx, ["a" * 128, "c" * 128]) == {"a" * 128}


async def test_an_update_writes_what_differs(db: Database) -> None:
    image = blank_image(properties={"a": "1"}, tags=("one",))
    other = blank_image(name="other", properties={"a": "9"}, tags=("nine",))
    await insert(db, image, other)
    changed = replace(
        image, name=None, status=Status.SAVING, properties={"b": "2"}, tags=("two", "three")
    )
    async with db.write() as tx:
        await store.update_image(tx, changed, image)
    async with db.read() as tx:
        found = await store.find_image(tx, image.id, ADMIN, None)
        assert found == replace(changed, tags=("three", "two"))
        assert await store.find_image(tx, other.id, ADMIN, None) == other


async def test_a_deleted_image_leaves_only_its_id(db: Database) -> None:
    image = blank_image(properties={"a": "1"}, tags=("one",))
    await insert(db, image)
    async with db.write() as tx:
        await store.delete_image(tx, image.id)
        assert await store.find_image(tx, image.id, ADMIN, None) is None
        assert await store.is_id_taken(tx, image.id)
        again = blank_image(id=image.id)
        await store.insert_image(tx, again)
        assert await store.find_image(tx, image.id, ADMIN, None) == again


async def test_one_id_is_one_row(db: Database) -> None:
    image = blank_image()
    await insert(db, image)
    with pytest.raises(Conflict):
        await insert(db, image)


async def test_every_filter(db: Database) -> None:
    year = datetime.timedelta(days=365)
    old = blank_image(name="old", size_bytes=5, tags=("t",), properties={"p": "1"})
    old = replace(old, created_at=old.created_at - year)
    new = blank_image(
        name="new",
        size_bytes=50,
        tags=("t", "u"),
        properties={"p": "2"},
        disk_format=DiskFormat.QCOW2,
        protected=True,
        status=Status.ACTIVE,
    )
    foreign = blank_image(name="foreign", owner="project-2", visibility=Visibility.COMMUNITY)
    hidden = blank_image(name="hidden", hidden=True)
    await insert(db, old, new, foreign, hidden)
    middle = new.created_at - year / 2
    for wanted, expected in (
        (ImageFilter(), {"old", "new"}),
        (ImageFilter(anyof=(("name", ("old", "x")),)), {"old"}),
        (ImageFilter(anyof=(("id", (new.id,)), ("status", ("active",)))), {"new"}),
        (ImageFilter(numbers=(("size_bytes", 5),)), {"old"}),
        (ImageFilter(size_bytes_min=6), {"new"}),
        (ImageFilter(size_bytes_max=6), {"old"}),
        (ImageFilter(tags=("t",)), {"old", "new"}),
        (ImageFilter(tags=("t", "u")), {"new"}),
        (ImageFilter(properties=(("p", "1"),)), {"old"}),
        (ImageFilter(properties=(("p", "1"), ("p", "2"))), set()),
        (ImageFilter(protected=False), {"old"}),
        (ImageFilter(hidden=True), {"hidden"}),
        (ImageFilter(visibility=Visibility.COMMUNITY), {"foreign"}),
        (ImageFilter(all_visibilities=True), {"old", "new", "foreign"}),
        (ImageFilter(times=(("created_at", TimeOperator.LT, middle),)), {"old"}),
        (ImageFilter(times=(("created_at", TimeOperator.LTE, old.created_at),)), {"old"}),
        (ImageFilter(times=(("created_at", TimeOperator.GT, middle),)), {"new"}),
        (ImageFilter(times=(("created_at", TimeOperator.GTE, middle),)), {"new"}),
        (ImageFilter(times=(("created_at", TimeOperator.EQ, old.created_at),)), {"old"}),
        (ImageFilter(times=(("created_at", TimeOperator.NEQ, old.created_at),)), {"new"}),
    ):
        assert await names(db, wanted) == expected, wanted
    assert await names(db, ImageFilter(), ADMIN) == {"old", "new"}
    assert await names(db, ImageFilter(), Viewer("project-2")) == {"foreign"}


async def test_pages_by_each_sort_key(db: Database) -> None:
    made = [blank_image(name=f"n{number % 2}", size_bytes=None) for number in range(5)]
    await insert(db, *made)
    for key in store.SORT_COLUMNS:
        for descending in (False, True):
            seen: list[str] = []
            marker, more = None, True
            while more:
                page = Page(limit=2, marker=marker, sorts=((key, descending),))
                async with db.read() as tx:
                    rows, more = await store.list_images(tx, OWNER, ImageFilter(), page)
                seen += [row.id for row in rows]
                marker = seen[-1]
            assert sorted(seen) == sorted(image.id for image in made), key
