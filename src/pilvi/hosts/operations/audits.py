"""Audits: every host is asked to list what is there. In the caller's transaction.

The number of the newest audit is a wish like any other: it stands on each host's stream until the
host has answered it, so that a lost message costs time only.
"""

from pilvi.core.db import Transaction
from pilvi.host_api.holdings import Holdings
from pilvi.hosts.model.host import Host, Sighting
from pilvi.hosts.operations.signals import HOST_WAKE
from pilvi.hosts.store import holdings as store
from pilvi.hosts.store import hosts


async def begin_audit(tx: Transaction) -> int:
    """Ask every host for what is there; returns the number of the audit."""
    known = await hosts.list_hosts(tx)
    number = max((host.audit for host in known), default=0) + 1
    for host in known:
        await hosts.update_host(tx, host.id, audit=number)
        await hosts.raise_revision(tx, host.id)
        tx.wake(HOST_WAKE, host.id)
    return number


async def is_unanswered(tx: Transaction, host: Host) -> bool:
    """Whether a host has yet to answer the newest audit."""
    return await store.find_audit(tx, host.id) < host.audit


async def record_holdings(tx: Transaction, host: Host, listed: Holdings) -> None:
    """Take note of what a host listed; a late answer to an older audit changes nothing."""
    if await store.find_audit(tx, host.id) <= listed.audit <= host.audit:
        await store.save_holdings(tx, host.id, listed)


async def list_sightings(tx: Transaction) -> list[Sighting]:
    """Every host with its newest list, by name."""
    return await store.list_sightings(tx)
