"""Rows of volumes."""

import datetime
from typing import Any

import pytest

from pilvi.block_storage.model.quota import Used
from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.operations.volume_types import ensure_default_type
from pilvi.block_storage.store import attachments, volumes
from pilvi.block_storage.store.volume_metadata import MetadataKind, replace_metadata
from pilvi.block_storage.store.volumes import VolumeFilter
from pilvi.core.db import Database, Transaction
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest, NotFound
from volume_samples import MOMENT, make_attachment, make_volume


async def fill(tx: Transaction, *rows: tuple[str, dict[str, Any]]) -> None:
    type_id = (await ensure_default_type(tx)).id
    for number, (id, values) in enumerate(rows):
        moment = MOMENT + datetime.timedelta(seconds=number)
        chosen = {"volume_type_id": type_id, "created_at": moment, **values}
        await volumes.insert_volume(tx, make_volume(id, **chosen))


async def ids(tx: Transaction, page: Page | None = None, **wanted: Any) -> list[str]:
    found, _ = await volumes.list_volumes(
        tx, VolumeFilter(project_id=None, **wanted), page or Page()
    )
    return [volume.id for volume in found]


async def test_a_row_comes_back_as_it_went_in(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx, ("a", {}))
        volume = await volumes.get_volume(tx, "a", "project")
        type_id = (await ensure_default_type(tx)).id
        assert volume == make_volume("a", volume_type_id=type_id)
        with pytest.raises(NotFound):
            await volumes.get_volume(tx, "a", "another project")
        await volumes.update_volume(tx, volume.id, size_gib=7)
        assert (await volumes.get_volume(tx, "a", None)).size_gib == 7
        for _ in range(2):
            await volumes.delete_volume(tx, volume.id)
        assert await volumes.find_volume(tx, "a") is None


async def test_what_is_in_error_is_counted(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx, ("a", {}), ("b", {"status": VolumeStatus.ERROR}))
        assert await volumes.count_failed(tx) == 1


async def test_lists_are_filtered(db: Database) -> None:
    async with db.write() as tx:
        await fill(
            tx,
            ("a", {"name": "disk_1"}),
            ("b", {"name": "diskx1", "project_id": "other", "bootable": True}),
            ("c", {"name": "other", "status": VolumeStatus.ERROR, "size_gib": 3}),
        )
        await replace_metadata(tx, MetadataKind.USER, "a", {"k": "v"})
        await replace_metadata(tx, MetadataKind.IMAGE, "c", {"k": "v"})
        assert await ids(tx) == ["c", "b", "a"]
        assert await ids(tx, equal={"project_id": "project"}) == ["c", "a"]
        assert await ids(tx, equal={"status": "error"}) == ["c"]
        assert await ids(tx, equal={"bootable": True}) == ["b"]
        assert await ids(tx, like={"name": "disk_"}) == ["a"]
        assert await ids(tx, metadata={(MetadataKind.USER, "k"): "v"}) == ["a"]
        assert await ids(tx, metadata={(MetadataKind.IMAGE, "k"): "v"}) == ["c"]
        assert await ids(tx, volume_type="__DEFAULT__") == ["c", "b", "a"]
        assert await ids(tx, volume_type="gold") == []
        assert await ids(tx, is_nothing=True) == []
        second = MOMENT + datetime.timedelta(seconds=1)
        for comparison, found in (("gt", "c"), ("gte", "cb"), ("eq", "b"), ("neq", "ca")):
            assert await ids(tx, times=[("created_at", comparison, second)]) == list(found)
        wanted = VolumeFilter(project_id="project")
        assert await volumes.sum_volumes(tx, wanted) == Used(2, 4)
        nothing = VolumeFilter(project_id=None, is_nothing=True)
        assert await volumes.sum_volumes(tx, nothing) == Used(0, 0)


async def test_pages_follow_each_other(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx, *((id, {"name": None if id == "c" else id}) for id in "abcd"))
        for sorts in ((("created_at", True),), (("name", False),), (("size", True), ("id", False))):
            whole = await ids(tx, Page(sorts=sorts))
            seen: list[str] = []
            while len(seen) < 4:
                marker = seen[-1] if seen else None
                seen += await ids(tx, Page(limit=1, marker=marker, sorts=sorts))
            assert seen == whole
        wanted = VolumeFilter(project_id=None)
        found, more = await volumes.list_volumes(tx, wanted, Page(limit=2), offset=1)
        assert ([volume.id for volume in found], more) == (["c", "b"], True)
        with pytest.raises(InvalidRequest, match="cannot sort by"):
            await ids(tx, Page(sorts=(("color", True),)))


async def test_what_is_not_settled(db: Database) -> None:
    async with db.write() as tx:
        await fill(
            tx,
            ("ready", {}),
            ("new", {"status": VolumeStatus.CREATING}),
            ("lost", {"status": VolumeStatus.CREATING, "failed": True, "error": "why"}),
            ("used", {"status": VolumeStatus.IN_USE}),
            ("dark", {"status": VolumeStatus.IN_USE}),
        )
        for id, exported in (("used", True), ("dark", False)):
            one = make_attachment(id, volume_id=id, exported=exported)
            await attachments.insert_attachment(tx, one)
        assert sorted(await volumes.list_unsettled(tx)) == ["dark", "new"]
        assert [one.id for one in await volumes.list_failed(tx, "project")] == ["lost"]
        assert await volumes.list_failed(tx, "another project") == []


async def test_sums_by_host_and_type(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx, ("a", {"size_gib": 2}), ("b", {}), ("c", {"host_id": None}))
        assert await volumes.sum_by_host(tx) == {"host": 3}
        type_id = (await ensure_default_type(tx)).id
        assert await volumes.count_of_type(tx, type_id) == 3
        assert await volumes.count_of_type(tx, "gold") == 0
