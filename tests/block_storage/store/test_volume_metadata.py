"""Rows of metadata."""

from pilvi.block_storage.operations.volume_types import ensure_default_type
from pilvi.block_storage.store.volume_metadata import (
    MetadataKind,
    list_metadata,
    list_of_filter,
    replace_metadata,
)
from pilvi.block_storage.store.volumes import VolumeFilter, delete_volume, insert_volume
from pilvi.core.db import Database
from volume_samples import make_volume


async def test_each_kind_is_replaced_by_itself_and_goes_with_its_volume(db: Database) -> None:
    async with db.write() as tx:
        type_id = (await ensure_default_type(tx)).id
        for id in ("a", "b"):
            await insert_volume(tx, make_volume(id, volume_type_id=type_id))
        await replace_metadata(tx, MetadataKind.USER, "a", {"k": "1", "l": "2"})
        await replace_metadata(tx, MetadataKind.IMAGE, "a", {"k": "3"})
        await replace_metadata(tx, MetadataKind.USER, "a", {"l": "4"})
        await replace_metadata(tx, MetadataKind.USER, "b", {"m": "5"})
        found = await list_metadata(tx, MetadataKind.USER, ["a", "b", "c"])
        assert found == {"a": {"l": "4"}, "b": {"m": "5"}}
        assert await list_metadata(tx, MetadataKind.IMAGE, ["a"]) == {"a": {"k": "3"}}
        assert await list_metadata(tx, MetadataKind.USER, []) == {}
        only = VolumeFilter(project_id=None, equal={"name": "b"})
        assert await list_of_filter(tx, only) == {"b": {"m": "5"}}
        await delete_volume(tx, make_volume("a").id)
        assert await list_metadata(tx, MetadataKind.IMAGE, ["a"]) == {}
