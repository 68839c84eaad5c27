"""How servers get hold of volumes."""

import pytest

from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.model.volume import GIB, Volume
from pilvi.block_storage.operations import attachments as operations
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.volumes import NewVolume, create_volume, set_read_only
from pilvi.block_storage.store import attachments as store
from pilvi.block_storage.store import volumes
from pilvi.core.db import Database, Transaction
from pilvi.errors import Conflict, NotFound


async def make_volume(tx: Transaction) -> Volume:
    volume = await create_volume(tx, NewVolume(project_id="p", user_id="u", size_gib=2))
    await volumes.update_volume(tx, volume.id, host_id="host", seen_size_gib=2)
    found = await save_status(tx, volume.id)
    assert found is not None
    return found


async def reserve(
    tx: Transaction, volume: Volume, server: str = "s", project: str | None = "p"
) -> Attachment:
    return await operations.reserve_attachment(
        tx, volume_id=volume.id, server_id=server, project_id=project, device="/dev/vdc"
    )


async def status(tx: Transaction, volume: Volume) -> str:
    return (await volumes.get_volume(tx, volume.id, None)).status


async def test_a_volume_is_reserved_for_one_server(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_volume(tx)
        first = await reserve(tx, volume)
        assert await reserve(tx, volume) == first
        assert (first.device, await status(tx, volume)) == ("vdc", "attaching")
        assert 12 <= len(first.password) <= 16 and first.password.isalnum()
        with pytest.raises(Conflict, match="status is attaching"):
            await reserve(tx, volume, "another")
        with pytest.raises(NotFound):
            await reserve(tx, volume, "another", "q")


async def test_every_attachment_has_an_account_of_its_own(db: Database) -> None:
    async with db.write() as tx:
        made = [await reserve(tx, await make_volume(tx)) for _ in range(3)]
        assert len({one.username for one in made}) == len({one.password for one in made}) == 3


async def test_the_way_of_an_attachment(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_volume(tx)
        one = await reserve(tx, volume)
        assert await operations.find_connection(tx, one.id) is None
        await store.update_attachment(
            tx, one.id, iqn="iqn.x:y", exported=True, portal="127.0.0.1:3260"
        )
        found = await operations.find_connection(tx, one.id)
        assert found is not None
        assert (found.portal, found.iqn, found.lun) == ("127.0.0.1:3260", "iqn.x:y", 1)
        assert (found.username, found.password) == (one.username, one.password)
        assert (found.volume_id, found.size_bytes) == (volume.id, 2 * GIB)
        for _ in range(2):
            await operations.mark_attached(tx, one.id)
            assert await status(tx, volume) == "in-use"
        for _ in range(2):
            await operations.begin_detach(tx, one.id)
            assert await status(tx, volume) == "detaching"
        await operations.mark_attached(tx, one.id)
        assert await status(tx, volume) == "detaching"
        for _ in range(2):
            assert not await operations.release_attachment(tx, one.id)
        assert await operations.find_connection(tx, one.id) is None
        assert ("volume", volume.id) in tx.wakes
        (left,) = (await operations.list_server_attachments(tx, ["s"]))["s"]
        assert (left.present, left.state) == (False, AttachmentState.DETACHING)
        await store.delete_attachment(tx, one.id)
        assert await operations.release_attachment(tx, one.id)
        await operations.mark_attached(tx, one.id)
        await operations.begin_detach(tx, one.id)
        assert await operations.list_server_attachments(tx, ["s"]) == {}


async def test_a_volume_that_is_let_go_waits_until_its_target_is_gone(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_volume(tx)
        one = await reserve(tx, volume)
        await operations.release_attachment(tx, one.id)
        for server in ("s", "another"):
            with pytest.raises(Conflict, match="status is detaching"):
                await reserve(tx, volume, server)


async def test_a_volume_for_reading_is_only_read(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_volume(tx)
        await set_read_only(tx, volume, True)
        assert (await reserve(tx, volume)).read_only


async def test_who_knows_an_older_account_is_shut_out(db: Database) -> None:
    async with db.write() as tx:
        volume = await make_volume(tx)
        one = await reserve(tx, volume)
        await store.update_attachment(
            tx, one.id, iqn="iqn.x:one", exported=True, portal="127.0.0.1:3260"
        )
        await operations.mark_attached(tx, one.id)
        before = await operations.find_connection(tx, one.id)
        assert before is not None
        await operations.renew_account(tx, one.id)
        assert await operations.find_connection(tx, one.id) is None
        assert await status(tx, volume) == "in-use"
        await store.update_attachment(tx, one.id, exported=True, portal="127.0.0.1:3260")
        after = await operations.find_connection(tx, one.id)
        assert after is not None and after.iqn == before.iqn
        assert (after.username, after.password) != (before.username, before.password)
