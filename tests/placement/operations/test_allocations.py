"""Claims: all or nothing, repeatable, and never more than there is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_hosts import make_facts
from pilvi.core.db import Database, Transaction
from pilvi.errors import NoCapacity, NotFound
from pilvi.host_api.contract import Report
from pilvi.hosts.operations.hosts import enrol_host, get_host, record_report
from pilvi.placement.operations.allocations import claim, find_claim, release
from pilvi.placement.operations.providers import sync_provider
from pilvi.placement.operations.usages import list_usages
from pilvi.placement.store.providers import get_provider
from pilvi.settings import Settings

FLAVOR = {"VCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 10}


async def make_provider(tx: Transaction, name: str = "host1", **facts: int) -> str:
    host = await enrol_host(tx, name, f"secret of {name}")
    await record_report(tx, host, Report(facts=make_facts(hostname=name, **facts)))
    await sync_provider(tx, await get_host(tx, host.id), Settings())
    return host.id


async def take(tx: Transaction, consumer: str, provider: str, **resources: int) -> None:
    await claim(
        tx,
        consumer_id=consumer,
        project_id="project",
        user_id="user",
        provider_id=provider,
        resources=resources,
    )


async def test_a_claim_counts_and_goes_with_its_release(db: Database) -> None:
    async with db.write() as tx:
        provider = await make_provider(tx)
        before = (await get_provider(tx, provider)).generation
        await take(tx, "server", provider, **FLAVOR)
        assert (await list_usages(tx))[provider].used == FLAVOR
        held = await find_claim(tx, "server")
        assert held is not None and held.held == {provider: FLAVOR}
        assert (await get_provider(tx, provider)).generation == before + 1
        for _ in range(2):
            await release(tx, "server")
        assert (await list_usages(tx))[provider].used == {}
        assert await find_claim(tx, "server") is None
        assert (await get_provider(tx, provider)).generation == before + 2


async def test_the_same_claim_again_changes_nothing(db: Database) -> None:
    async with db.write() as tx:
        provider = await make_provider(tx)
        await take(tx, "server", provider, **FLAVOR)
        first = await get_provider(tx, provider)
        await take(tx, "server", provider, **FLAVOR, PCPU=0)
        assert await get_provider(tx, provider) == first


async def test_another_claim_takes_the_place_of_the_one_before(db: Database) -> None:
    async with db.write() as tx:
        one, other = await make_provider(tx), await make_provider(tx, "host2")
        await take(tx, "server", one, VCPU=8)
        await take(tx, "server", one, VCPU=4, MEMORY_MB=64)
        assert (await list_usages(tx))[one].used == {"VCPU": 4, "MEMORY_MB": 64}
        await take(tx, "server", other, VCPU=1)
        usages = await list_usages(tx)
        assert (usages[one].used, usages[other].used) == ({}, {"VCPU": 1})


async def test_what_does_not_fit_is_refused_whole_and_said(db: Database) -> None:
    async with db.write() as tx:
        provider = await make_provider(tx, vcpus=1, memory_mib=1536)
        await take(tx, "first", provider, VCPU=1, MEMORY_MB=1000)
        with pytest.raises(NoCapacity) as refused:
            await take(tx, "second", provider, VCPU=1, MEMORY_MB=100)
        assert refused.value.message == "cannot claim on host1: asked for 100 MEMORY_MB, 24 free"
        assert (await list_usages(tx))[provider].used == {"VCPU": 1, "MEMORY_MB": 1000}
        assert await find_claim(tx, "second") is None


async def test_an_unknown_provider_is_not_found(db: Database) -> None:
    async with db.write() as tx:
        with pytest.raises(NotFound):
            await take(tx, "server", "nowhere", VCPU=1)


steps = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([0, 1]), st.integers(0, 5)),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
async def test_the_sum_is_always_what_consumers_hold(
    db: Database, taken: list[tuple[str, int, int]]
) -> None:
    held: dict[str, tuple[str, int]] = {}
    async with db.write() as tx:
        providers = [await make_provider(tx, name, vcpus=2) for name in ("host1", "host2")]
        for consumer in "abc":
            await release(tx, consumer)
        for consumer, number, amount in taken:
            if amount == 0:
                await release(tx, consumer)
                held.pop(consumer, None)
                continue
            try:
                await take(tx, consumer, providers[number], VCPU=amount)
            except NoCapacity:
                continue
            held[consumer] = (providers[number], amount)
        usages = await list_usages(tx)
        for provider in providers:
            mine = sum(amount for id, amount in held.values() if id == provider)
            assert usages[provider].used.get("VCPU", 0) == mine <= 8
