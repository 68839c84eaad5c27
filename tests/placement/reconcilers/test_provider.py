"""The reconciler that follows hosts."""

from cloud import Cloud
from fake_hosts import add_host
from pilvi.placement.operations.usages import list_usages
from pilvi.placement.reconcilers.provider import ProviderReconciler


async def test_a_report_becomes_a_provider_by_itself(cloud: Cloud) -> None:
    host = await add_host(cloud.db, vcpus=3)
    await cloud.settle()
    async with cloud.db.read() as tx:
        assert (await list_usages(tx))[host.id].total["VCPU"] == 3


async def test_a_lost_wake_up_is_made_good(cloud: Cloud) -> None:
    cloud.db.on_commit = lambda wakes: None
    host = await add_host(cloud.db)
    reconciler = ProviderReconciler(cloud.db, cloud.settings)
    assert await reconciler.list_unsettled() == [host.id]
    await reconciler.reconcile(host.id)
    assert await reconciler.list_unsettled() == []


async def test_a_host_that_is_unknown_is_nothing_to_do(cloud: Cloud) -> None:
    reconciler = ProviderReconciler(cloud.db, cloud.settings)
    await reconciler.reconcile("nobody")
    assert await reconciler.list_unsettled() == []
