"""What callers may do with volumes."""

from typing import Any

import pytest

from pilvi.block_storage.model.volume import Volume, VolumeStatus
from pilvi.block_storage.operations import volumes as operations
from pilvi.block_storage.operations.attachments import reserve_attachment
from pilvi.block_storage.operations.quotas import set_limits
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.volume_types import create_type
from pilvi.block_storage.store import volumes as store
from pilvi.block_storage.store.volume_metadata import MetadataKind
from pilvi.core.db import Database, Transaction
from pilvi.errors import InvalidRequest, NotFound, QuotaExceeded


async def create(tx: Transaction, size_gib: int = 1, **values: Any) -> Volume:
    wanted = {"project_id": "p", "user_id": "u", "size_gib": size_gib, **values}
    return await operations.create_volume(tx, operations.NewVolume(**wanted))


async def make_ready(tx: Transaction, volume: Volume) -> Volume:
    """As the reconciler does when the host shows the file."""
    size = volume.size_gib
    await store.update_volume(tx, volume.id, host_id="host", seen_size_gib=size)
    found = await save_status(tx, volume.id)
    assert found is not None and found.status is VolumeStatus.AVAILABLE
    return found


async def test_a_new_volume_is_creating_and_wakes_its_reconciler(db: Database) -> None:
    async with db.write() as tx:
        volume = await create(tx)
        assert volume.status is VolumeStatus.CREATING
        assert ("volume", volume.id) in tx.wakes
        assert await operations.get_volume(tx, volume.id, "p") == volume
        with pytest.raises(NotFound):
            await operations.get_volume(tx, volume.id, "another project")


async def test_unknown_type_or_zone_is_refused(db: Database) -> None:
    async with db.write() as tx:
        with pytest.raises(InvalidRequest, match="availability zone 'moon'"):
            await create(tx, availability_zone="moon")
        with pytest.raises(NotFound, match="volume type 'gold'"):
            await create(tx, volume_type="gold")
        gold = await create_type(tx, "gold")
        for named in ("gold", gold.id):
            assert (await create(tx, volume_type=named)).volume_type_id == gold.id


async def test_quotas_count_until_the_volume_is_gone(db: Database) -> None:
    async with db.write() as tx:
        await set_limits(tx, "p", {"volumes": 2, "gigabytes": 5, "per_volume_gigabytes": 4})
        with pytest.raises(QuotaExceeded, match="one volume may have 4"):
            await create(tx, 5)
        first = await make_ready(tx, await create(tx, 2))
        with pytest.raises(QuotaExceeded, match="asked for 4 gigabytes, 2 of 5 are used"):
            await create(tx, 4)
        with pytest.raises(QuotaExceeded, match="one volume may have 4"):
            await operations.extend_volume(tx, first, 5)
        await create(tx, 1)
        with pytest.raises(QuotaExceeded, match="asked for 1 volumes, 2 of 2 are used"):
            await create(tx, 1)
        await operations.delete_volume(tx, first)
        with pytest.raises(QuotaExceeded):
            await create(tx, 1)
        await store.delete_volume(tx, first.id)
        await create(tx, 1)


async def test_extending_raises_the_wish_and_shows_the_old_size_until_seen(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_ready(tx, await create(tx, 2))
        for size in (1, 2):
            with pytest.raises(InvalidRequest, match="it has 2 already"):
                await operations.extend_volume(tx, volume, size)
        await operations.extend_volume(tx, volume, 3)
        found = await operations.get_volume(tx, volume.id, None)
        assert (found.status, found.size_gib, found.current_size_gib) == ("extending", 3, 2)
        assert found.generation == volume.generation + 1
        with pytest.raises(InvalidRequest, match="status is extending"):
            await operations.extend_volume(tx, found, 4)


async def test_deleting_is_a_wish_that_may_be_repeated_but_not_while_a_server_has_it(
    db: Database,
) -> None:
    async with db.write() as tx:
        volume = await make_ready(tx, await create(tx))
        await reserve_attachment(
            tx, volume_id=volume.id, server_id="s", project_id="p", device="vdc"
        )
        with pytest.raises(InvalidRequest, match="status is attaching"):
            await operations.delete_volume(tx, volume)
        await operations.force_delete_volume(tx, volume)
        for _ in range(2):
            found = await operations.get_volume(tx, volume.id, None)
            assert found.status is VolumeStatus.DELETING
            await operations.delete_volume(tx, found)


async def test_a_mark_stops_use_and_a_retry_forgets_failures(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_ready(tx, await create(tx, 2))
        await operations.mark_status(tx, volume, VolumeStatus.ERROR)
        found = await operations.get_volume(tx, volume.id, None)
        assert found.status is VolumeStatus.ERROR
        await operations.mark_status(tx, found, VolumeStatus.AVAILABLE)
        found = await operations.get_volume(tx, volume.id, None)
        assert found.status is VolumeStatus.AVAILABLE
        await operations.extend_volume(tx, found, 9)
        await store.update_volume(tx, volume.id, failed=True, error="no room")
        assert (await save_status(tx, volume.id)).status == "error_extending"  # type: ignore[union-attr]
        await operations.mark_status(
            tx, await operations.get_volume(tx, volume.id, None), VolumeStatus.AVAILABLE
        )
        found = await operations.get_volume(tx, volume.id, None)
        assert (found.status, found.size_gib, found.error) == ("available", 2, "")


async def test_access_mode_type_and_name_change(db: Database) -> None:
    async with db.write() as tx:
        volume = await create(tx)
        with pytest.raises(InvalidRequest, match="access mode"):
            await operations.set_read_only(tx, volume, True)
        volume = await make_ready(tx, volume)
        await operations.set_read_only(tx, volume, True)
        gold = await create_type(tx, "gold")
        await operations.retype_volume(tx, volume, "gold")
        await operations.update_volume(tx, volume, name="new")
        found = await operations.get_volume(tx, volume.id, None)
        assert (found.is_read_only, found.volume_type_id, found.name) == (True, gold.id, "new")


async def test_metadata_is_limited(db: Database) -> None:
    async with db.write() as tx:
        volume = await create(tx)
        with pytest.raises(QuotaExceeded, match="128 metadata items"):
            many = {f"key{n}": "x" for n in range(129)}
            await operations.save_metadata(tx, volume, MetadataKind.USER, many)
