"""What callers may do with volume types."""

import pytest

from pilvi.block_storage.operations import volume_types as operations
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.block_storage.operations.volumes import NewVolume, create_volume
from pilvi.block_storage.store import volumes
from pilvi.core.db import Database
from pilvi.errors import Conflict, InvalidRequest, NotFound


async def test_the_default_type_is_made_once_and_stays(db: Database) -> None:
    async with db.write() as tx:
        with pytest.raises(NotFound):
            await operations.find_default_type(tx)
        for _ in range(2):
            await seed_block_storage(tx)
        default = await operations.find_default_type(tx)
        assert await operations.ensure_default_type(tx) == default
        with pytest.raises(InvalidRequest):
            await operations.delete_type(tx, default)
        with pytest.raises(InvalidRequest):
            await operations.update_type(tx, default, name="other")


async def test_names_are_taken_once(db: Database) -> None:
    async with db.write() as tx:
        gold = await operations.create_type(tx, "gold")
        silver = await operations.create_type(tx, "silver")
        with pytest.raises(Conflict):
            await operations.create_type(tx, "gold")
        with pytest.raises(Conflict):
            await operations.update_type(tx, silver, name="gold")
        changed = await operations.update_type(tx, gold, description="shiny")
        assert (changed.description, changed.updated_at is not None) == ("shiny", True)


async def test_a_type_goes_when_no_volume_is_of_it(db: Database) -> None:
    async with db.write() as tx:
        gold = await operations.create_type(tx, "gold")
        wanted = NewVolume(project_id="p", user_id="u", size_gib=1, volume_type="gold")
        volume = await create_volume(tx, wanted)
        with pytest.raises(InvalidRequest, match="1 volumes are of it"):
            await operations.delete_type(tx, gold)
        await volumes.delete_volume(tx, volume.id)
        await operations.delete_type(tx, gold)
        with pytest.raises(NotFound):
            await operations.get_type(tx, gold.id, None)


async def test_who_may_use_a_private_type(db: Database) -> None:
    async with db.write() as tx:
        secret = await operations.create_type(tx, "secret", is_public=False)
        with pytest.raises(NotFound):
            await operations.find_usable_type(tx, "secret", "p")
        await operations.add_access(tx, secret, "p")
        with pytest.raises(Conflict):
            await operations.add_access(tx, secret, "p")
        assert await operations.find_usable_type(tx, "secret", "p") == secret
        await operations.remove_access(tx, secret, "p")
        with pytest.raises(NotFound):
            await operations.remove_access(tx, secret, "p")
        public = await operations.create_type(tx, "public")
        with pytest.raises(InvalidRequest):
            await operations.add_access(tx, public, "p")
