"""Hosts as block storage sees them: where volumes are kept. In the caller's transaction."""

from dataclasses import dataclass

from pilvi.block_storage.store.closed_hosts import close_host, open_host
from pilvi.block_storage.store.volumes import sum_by_host
from pilvi.core.db import Transaction, now
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import list_hosts

BACKEND = "pilvi"
"""Name of the backend of every host: HOST@BACKEND#POOL."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One host's room for volumes."""

    host: Host
    is_alive: bool
    provisioned_gib: int
    """Size of all volumes that it keeps; they are thin."""

    @property
    def service(self) -> str:
        """HOST@BACKEND."""
        return f"{self.host.name}@{BACKEND}"

    @property
    def name(self) -> str:
        """HOST@BACKEND#POOL."""
        return f"{self.service}#{BACKEND}"


async def list_pools(tx: Transaction, lease_s: float) -> list[Pool]:
    """Every host's room for volumes, by name."""
    provisioned = await sum_by_host(tx)
    moment = now()
    return [
        Pool(host, host.is_alive(moment, lease_s), provisioned.get(host.id, 0))
        for host in await list_hosts(tx)
    ]


async def close_pool(tx: Transaction, pool: Pool, reason: str | None) -> None:
    """Keep no new volumes on a host, for a reason. Repeatable."""
    await close_host(tx, pool.host.id, reason)


async def open_pool(tx: Transaction, pool: Pool) -> None:
    """Keep new volumes on a host again. Repeatable."""
    await open_host(tx, pool.host.id)
