"""Rows of claims."""

from pilvi.core.db import Database, Transaction
from pilvi.placement.model.claim import Claim
from pilvi.placement.model.provider import ProviderId
from pilvi.placement.store import allocations as store
from pilvi.placement.store.providers import insert_provider


def make(consumer: str, project: str = "p", user: str = "u", **resources: int) -> Claim:
    return Claim(consumer, project, user, {"one": resources}, 1)


async def fill(tx: Transaction) -> None:
    await insert_provider(tx, ProviderId("one"), "a")
    await store.save_claim(tx, make("c1", VCPU=1, DISK_GB=5))
    await store.save_claim(tx, make("c2", user="v", VCPU=2))
    await store.save_claim(tx, make("c3", project="q", VCPU=4))


async def test_claims_are_found_by_any_column(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        assert await store.find_claim(tx, "c1") == make("c1", VCPU=1, DISK_GB=5)
        assert [c.consumer_id for c in await store.list_claims(tx, project_id="p")] == ["c1", "c2"]
        assert await store.find_claim(tx, "c9") is None


async def test_sums(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        assert await store.sum_by_provider(tx) == {"one": {"VCPU": 7, "DISK_GB": 5}}
        assert await store.sum_by_provider(tx, "two") == {}
        both = {"VCPU": 3, "DISK_GB": 5, "consumer_count": 2}
        assert await store.sum_by_project(tx, "p") == {"INSTANCE": both}
        one = {"VCPU": 2, "consumer_count": 1}
        assert await store.sum_by_project(tx, "p", "v") == {"INSTANCE": one}


async def test_saving_replaces_and_deleting_forgets(db: Database) -> None:
    async with db.write() as tx:
        await fill(tx)
        await store.save_claim(tx, make("c1", MEMORY_MB=9))
        assert (await store.list_claims(tx, id="c1"))[0].held == {"one": {"MEMORY_MB": 9}}
        for _ in range(2):
            await store.delete_claim(tx, "c1")
        left = {"VCPU": 2, "consumer_count": 1}
        assert await store.sum_by_project(tx, "p") == {"INSTANCE": left}
