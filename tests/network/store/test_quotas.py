"""Rows of quotas."""

from network.inserts import insert_network
from pilvi.core.db import Database
from pilvi.network.store import quotas


async def test_limits_are_set_read_with_what_is_used_and_dropped(db: Database) -> None:
    async with db.write() as tx:
        await insert_network(tx, 1)
        await insert_network(tx, 2, is_deleting=True)
        assert await quotas.read_usage(tx, "p", "network") == (1, None)
        await quotas.set_limits(tx, "p", {"network": 5, "port": 7})
        await quotas.set_limits(tx, "p", {"network": 6})
        await quotas.set_limits(tx, "q", {"network": 1})
        assert await quotas.read_usage(tx, "p", "network") == (1, 6)
        assert await quotas.list_limits(tx, "p") == {"p": {"network": 6, "port": 7}}
        assert set(await quotas.list_limits(tx)) == {"p", "q"}
        counted = await quotas.count_all(tx, "p")
        assert counted["network"] == 1 and counted["port"] == 0
        await quotas.delete_limits(tx, "p")
        assert await quotas.list_limits(tx, "p") == {}
