"""Providers follow hosts."""

from fake_hosts import make_facts
from pilvi.core.db import Database
from pilvi.host_api.contract import Report
from pilvi.hosts.operations.hosts import enrol_host, get_host, record_report
from pilvi.placement.operations.providers import is_synced, sync_provider
from pilvi.placement.operations.usages import list_usages, list_views
from pilvi.settings import Settings

SETTINGS = Settings()


async def test_a_host_that_never_reported_has_no_provider(db: Database) -> None:
    async with db.write() as tx:
        host = await enrol_host(tx, "host1", "secret")
        await sync_provider(tx, host, SETTINGS)
        assert await is_synced(tx, host, SETTINGS)
        assert await list_usages(tx) == {}


async def test_a_provider_follows_facts_and_the_same_facts_change_nothing(db: Database) -> None:
    async with db.write() as tx:
        host = await enrol_host(tx, "host1", "secret")
        await record_report(tx, host, Report(facts=make_facts(capabilities=[], vcpus=2)))
        host = await get_host(tx, host.id)
        assert not await is_synced(tx, host, SETTINGS)
        await sync_provider(tx, host, SETTINGS)
        (first,) = await list_views(tx)
        await sync_provider(tx, host, SETTINGS)
        assert await list_views(tx) == [first]
        assert first.usage.total["VCPU"] == 2
        await record_report(
            tx, host, Report(facts=make_facts(capabilities=[], vcpus=6, accelerator="kvm"))
        )
        host = await get_host(tx, host.id)
        await sync_provider(tx, host, SETTINGS)
        (changed,) = await list_views(tx)
        assert changed.usage.total["VCPU"] == 6
        assert changed.traits == {"CUSTOM_ACCELERATOR_KVM"}
        assert changed.provider.generation == first.provider.generation + 1
