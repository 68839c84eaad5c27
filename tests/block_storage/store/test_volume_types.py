"""Rows of volume types."""

import pytest

from pilvi.block_storage.model.volume_type import VolumeType, VolumeTypeId
from pilvi.block_storage.store import volume_types as store
from pilvi.core.db import Database
from pilvi.errors import Conflict
from volume_samples import MOMENT


def make(id: str, is_public: bool = True) -> VolumeType:
    return VolumeType(
        id=VolumeTypeId(id),
        name=f"name of {id}",
        description=None,
        is_public=is_public,
        extra_specs={"a": "b"},
        created_at=MOMENT,
        updated_at=None,
    )


async def test_private_types_are_seen_by_those_who_were_given_them(db: Database) -> None:
    async with db.write() as tx:
        await store.insert_volume_type(tx, make("open"))
        await store.insert_volume_type(tx, make("secret", is_public=False))
        await store.insert_access(tx, "secret", "friend")
        assert [t.id for t in await store.list_volume_types(tx, "friend")] == ["open", "secret"]
        assert [t.id for t in await store.list_volume_types(tx, "stranger")] == ["open"]
        assert await store.find_volume_type(tx, "stranger", id="secret") is None
        assert await store.find_volume_type(tx, None, id="secret") == make("secret", False)
        assert await store.list_access(tx, "secret") == ["friend"]
        assert await store.delete_access(tx, "secret", "friend") == 1
        assert await store.delete_access(tx, "secret", "friend") == 0
        assert await store.list_names(tx) == {
            "open": "name of open",
            "secret": "name of secret",
        }


async def test_names_are_unique_and_rows_change_and_go(db: Database) -> None:
    async with db.write() as tx:
        await store.insert_volume_type(tx, make("a", is_public=False))
        await store.insert_access(tx, "a", "friend")
        await store.update_volume_type(tx, "a", extra_specs={})
        assert (await store.list_volume_types(tx, None))[0].extra_specs == {}
        await store.delete_volume_type(tx, "a")
        assert await store.list_volume_types(tx, None) == []
    with pytest.raises(Conflict):
        async with db.write() as tx:
            for _ in range(2):
                await store.insert_volume_type(tx, make("b"))
