"""Rows of quotas."""

from pilvi.block_storage.store import quotas as store
from pilvi.core.db import Database


async def test_quotas_are_set_one_by_one_and_forgotten_together(db: Database) -> None:
    async with db.write() as tx:
        await store.save_quotas(tx, "p", {"volumes": 3, "gigabytes": 9})
        await store.save_quotas(tx, "p", {"volumes": 4})
        await store.save_quotas(tx, "q", {"volumes": 1})
        assert await store.list_quotas(tx, "p") == {"volumes": 4, "gigabytes": 9}
        for _ in range(2):
            await store.delete_quotas(tx, "p")
        assert await store.list_quotas(tx, "p") == {}
        assert await store.list_quotas(tx, "q") == {"volumes": 1}
