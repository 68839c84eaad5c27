"""Volumes and their host, through the loop and the database."""

import asyncio

import pytest

from cloud import Cloud
from fake_hosts import FakeHost
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations import attachments
from pilvi.block_storage.operations.volumes import (
    NewVolume,
    create_volume,
    delete_volume,
    extend_volume,
    force_delete_volume,
)
from pilvi.block_storage.reconcilers.volume import VolumeReconciler
from pilvi.block_storage.store import volumes
from pilvi.core.reconcile import Terminal
from pilvi.errors import NotFound
from pilvi.host_api.contract import HostFault, Kind


async def create(cloud: Cloud, size_gib: int = 1) -> str:
    async with cloud.db.write() as tx:
        wanted = NewVolume(project_id="p", user_id="u", size_gib=size_gib)
        return (await create_volume(tx, wanted)).id


async def read(cloud: Cloud, id: str) -> Volume:
    async with cloud.db.read() as tx:
        return await volumes.get_volume(tx, id, None)


async def reconcile(cloud: Cloud, id: str) -> None:
    """Look until there is nothing to do; the loop's own looks are as good."""
    await VolumeReconciler(cloud.db, cloud.settings).reconcile(id)


async def make_ready(cloud: Cloud, host: FakeHost, size_gib: int = 1) -> str:
    id = await create(cloud, size_gib)
    await reconcile(cloud, id)
    await host.serve_volumes()
    await reconcile(cloud, id)
    assert (await read(cloud, id)).status == "available"
    return id


async def attach(cloud: Cloud, host: FakeHost, id: str) -> str:
    async with cloud.db.write() as tx:
        one = await attachments.reserve_attachment(
            tx, volume_id=id, server_id="server", project_id="p", device="vdc"
        )
    await reconcile(cloud, id)
    await host.serve_volumes()
    await reconcile(cloud, id)
    return one.id


async def test_a_volume_comes_to_be_by_itself(cloud: Cloud, host: FakeHost) -> None:
    id = await create(cloud, 3)
    async with asyncio.timeout(20):
        while (await read(cloud, id)).status != "available":
            await host.serve_volumes()
            await asyncio.sleep(0.01)
    found = await read(cloud, id)
    assert (found.host_id, found.seen_size_gib, found.error) == (host.id, 3, "")


async def test_a_target_appears_with_its_account_and_goes_again(
    cloud: Cloud, host: FakeHost
) -> None:
    id = await make_ready(cloud, host)
    one = await attach(cloud, host, id)
    (export,) = (await host.serve_volumes())[id].exports
    async with cloud.db.write() as tx:
        found = await attachments.find_connection(tx, one)
        assert found is not None
        assert (found.iqn, found.username, found.password) == (
            export.iqn,
            export.username,
            export.password,
        )
        assert export.iqn == f"iqn.2026-11.cloud.pilvi:{cloud.settings.name_prefix}:{one}"
        await attachments.mark_attached(tx, one)
        assert not await attachments.release_attachment(tx, one)
    await reconcile(cloud, id)
    async with cloud.db.write() as tx:
        assert not await attachments.release_attachment(tx, one)
    assert (await host.serve_volumes())[id].exports == []
    await reconcile(cloud, id)
    async with cloud.db.write() as tx:
        assert await attachments.release_attachment(tx, one)
    assert (await read(cloud, id)).status == "available"


async def test_servers_are_woken_when_a_target_answers_and_when_it_is_gone(
    cloud: Cloud, host: FakeHost
) -> None:
    woken: list[tuple[str, str]] = []
    cloud.db.on_commit = woken.extend
    id = await make_ready(cloud, host)
    one = await attach(cloud, host, id)
    assert ("server", "server") in woken
    woken.clear()
    async with cloud.db.write() as tx:
        await attachments.release_attachment(tx, one)
    await reconcile(cloud, id)
    assert ("server", "server") not in woken
    await host.serve_volumes()
    await reconcile(cloud, id)
    assert ("server", "server") in woken


async def test_growing_shows_when_the_host_has_grown(cloud: Cloud, host: FakeHost) -> None:
    id = await make_ready(cloud, host, 1)
    async with cloud.db.write() as tx:
        await extend_volume(tx, await volumes.get_volume(tx, id, None), 4)
    await reconcile(cloud, id)
    found = await read(cloud, id)
    assert (found.status, found.current_size_gib) == ("extending", 1)
    assert (await host.serve_volumes())[id].size_bytes == 4 << 30
    await reconcile(cloud, id)
    found = await read(cloud, id)
    assert (found.status, found.current_size_gib) == ("available", 4)


async def test_a_deleted_volume_stays_until_the_host_has_let_go(
    cloud: Cloud, host: FakeHost
) -> None:
    id = await make_ready(cloud, host)
    async with cloud.db.write() as tx:
        await delete_volume(tx, await volumes.get_volume(tx, id, None))
    await reconcile(cloud, id)
    assert (await read(cloud, id)).status == "deleting"
    assert not (await host.wishes(Kind.VOLUME))[id].present
    await host.serve_volumes()
    await reconcile(cloud, id)
    with pytest.raises(NotFound):
        await read(cloud, id)
    assert id not in await host.wishes(Kind.VOLUME)


async def test_a_forced_deletion_takes_attachments_along(cloud: Cloud, host: FakeHost) -> None:
    id = await make_ready(cloud, host)
    one = await attach(cloud, host, id)
    async with cloud.db.write() as tx:
        await force_delete_volume(tx, await volumes.get_volume(tx, id, None))
    await reconcile(cloud, id)
    await host.serve_volumes()
    await reconcile(cloud, id)
    async with cloud.db.write() as tx:
        assert await volumes.find_volume(tx, id) is None
        assert await attachments.release_attachment(tx, one)


async def test_a_fault_of_the_host_is_an_error_with_its_reason(
    cloud: Cloud, host: FakeHost
) -> None:
    id = await create(cloud, 2)
    await reconcile(cloud, id)
    wish = (await host.wishes(Kind.VOLUME))[id]
    fault = HostFault(kind="NoCapacity", message="cannot keep 2 GiB", terminal=True)
    await host.answer(wish, fault=fault)
    await reconcile(cloud, id)
    found = await read(cloud, id)
    assert (found.status, found.error) == ("error", "cannot keep 2 GiB")
    await host.serve_volumes()
    await reconcile(cloud, id)
    assert (await read(cloud, id)).status == "available"


async def test_a_lost_wake_up_is_made_good(cloud: Cloud, host: FakeHost) -> None:
    cloud.db.on_commit = lambda wakes: None
    id = await create(cloud)
    reconciler = VolumeReconciler(cloud.db, cloud.settings)
    assert await reconciler.list_unsettled() == [id]
    await reconciler.reconcile(id)
    await host.serve_volumes()
    for known in await reconciler.list_unsettled():
        await reconciler.reconcile(known)
    assert await reconciler.list_unsettled() == []
    assert (await read(cloud, id)).status == "available"


async def test_failures_are_kept_where_they_are_seen(cloud: Cloud, host: FakeHost) -> None:
    cloud.db.on_commit = lambda wakes: None
    id = await create(cloud)
    reconciler = VolumeReconciler(cloud.db, cloud.settings)
    await reconciler.note_failure(id, ValueError("secret inside"), 1)
    found = await read(cloud, id)
    assert (found.status, "secret" in found.error, found.error != "") == ("creating", False, True)
    await reconciler.note_failure(id, Terminal("cannot go on"), 2)
    assert (await read(cloud, id)).status == "error"
