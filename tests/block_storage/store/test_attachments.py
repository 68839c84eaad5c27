"""Rows of attachments."""

import pytest

from pilvi.block_storage.operations.volume_types import ensure_default_type
from pilvi.block_storage.store import attachments as store
from pilvi.block_storage.store.volumes import insert_volume
from pilvi.core.db import Database, Transaction
from pilvi.core.paging import Page
from pilvi.errors import Conflict, NotFound
from volume_samples import make_attachment, make_volume


async def fill(tx: Transaction) -> None:
    type_id = (await ensure_default_type(tx)).id
    for id in ("v1", "v2"):
        await insert_volume(tx, make_volume(id, volume_type_id=type_id))
    await store.insert_attachment(tx, make_attachment("a1", volume_id="v1"))
    await store.insert_attachment(
        tx, make_attachment("a2", volume_id="v2", server_id="other", project_id="q")
    )


async def test_rows_are_found_by_volume_server_and_project(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        first = make_attachment("a1", volume_id="v1")
        assert await store.get_attachment(tx, "a1", "project") == first
        with pytest.raises(NotFound):
            await store.get_attachment(tx, "a2", "project")
        assert await store.list_of_volumes(tx, ["v1", "v9"]) == {"v1": [first]}
        assert set(await store.list_of_servers(tx, ["server", "other"])) == {"server", "other"}
        assert await store.list_of_servers(tx, []) == {}
        found, more = await store.list_attachments(tx, "q", {}, Page())
        assert ([one.id for one in found], more) == (["a2"], False)
        found, more = await store.list_attachments(tx, None, {}, Page(limit=1))
        assert (len(found), more) == (1, True)
        found, _ = await store.list_attachments(tx, "q", {"volume_id": "v1"}, Page())
        assert found == []


async def test_the_database_lets_no_second_server_have_a_volume(db: Database) -> None:
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await fill(tx)
            await store.insert_attachment(tx, make_attachment("a3", volume_id="v1"))


async def test_rows_change_and_go(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        one = await store.get_attachment(tx, "a1", None)
        await store.update_attachment(tx, one.id, exported=True, portal="h:1")
        assert (await store.get_attachment(tx, "a1", None)).portal == "h:1"
        for _ in range(2):
            await store.delete_attachment(tx, one.id)
        assert await store.find_attachment(tx, "a1") is None
