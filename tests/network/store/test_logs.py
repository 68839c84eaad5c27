"""Rows of logs."""

from typing import Any

import pytest

from network.inserts import common, insert_network, insert_port
from pilvi.core.db import Database, Transaction
from pilvi.errors import NotFound
from pilvi.network.store import logs as store
from pilvi.network.store.listing import Listing


async def insert_log(tx: Transaction, **values: Any) -> str:
    """A log's id."""
    row = common(event="ALL", **values)
    await store.insert_log(tx, **row)
    return str(row["id"])


async def test_logs_by_project_and_by_what_they_are_about(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        port = await insert_port(tx, network, "fa:16:3e:00:00:01")
        mine, off = await insert_log(tx), await insert_log(tx, is_enabled=False, target_id=port)
        theirs = await insert_log(tx, project_id="q", resource_id="group")
        assert [log.id for log in await store.list_enabled(tx, ["p"])] == [mine]
        found, _ = await store.list_logs(tx, Listing(project_id="p"))
        assert {log.id for log in found} == {mine, off}
        with pytest.raises(NotFound):
            await store.get_log(tx, theirs, "p")
        for id, about in ((mine, [port]), (off, [port]), (theirs, [])):
            assert await store.list_ports_of_log(tx, await store.get_log(tx, id, None)) == about
        await store.update_log(tx, off, is_enabled=True)
        assert len(await store.list_enabled(tx, ["p"])) == 2
        for id in (port, "group"):
            await store.delete_logs_of(tx, id)
        left, _ = await store.list_logs(tx, Listing(project_id=None))
        assert [log.id for log in left] == [mine]
        await store.delete_log(tx, mine)
        assert await store.list_enabled(tx, ["p"]) == []
