"""Hosts as block storage sees them."""

from fake_hosts import add_host
from pilvi.block_storage.operations.pools import list_pools
from pilvi.block_storage.operations.volumes import NewVolume, create_volume
from pilvi.block_storage.store import volumes
from pilvi.core.db import Database


async def test_a_pool_is_a_host_with_what_it_keeps(db: Database) -> None:
    host = await add_host(db)
    async with db.write() as tx:
        volume = await create_volume(tx, NewVolume(project_id="p", user_id="u", size_gib=7))
        await volumes.update_volume(tx, volume.id, host_id=host.id)
        (pool,) = await list_pools(tx, 15.0)
        assert (pool.name, pool.is_alive, pool.provisioned_gib) == ("host1@pilvi#pilvi", True, 7)
        assert not (await list_pools(tx, -1.0))[0].is_alive
