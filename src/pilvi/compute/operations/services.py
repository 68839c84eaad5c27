"""The nova-compute of each host, for admins. In the caller's transaction."""

import datetime

from pilvi.compute.store import aggregates, migrations, servers
from pilvi.compute.store.migrations import MigrationFilter
from pilvi.core.db import Transaction
from pilvi.core.paging import Page
from pilvi.errors import Conflict, InvalidRequest
from pilvi.hosts.model.host import Host
from pilvi.hosts.operations.hosts import force_down, remove_host, set_enabled
from pilvi.placement.operations.providers import remove_provider

_OVER = ("confirmed", "reverted", "completed", "cancelled", "failed", "error")
"""Statuses of migrations that no longer need their hosts."""


async def update_service(
    tx: Transaction,
    host: Host,
    *,
    enabled: bool | None = None,
    reason: str | None = None,
    is_down: bool | None = None,
) -> None:
    """Open or close a host for new servers, or say that it is down. Raises `InvalidRequest`."""
    if reason is not None and enabled is not False:
        raise InvalidRequest("cannot keep disabled_reason: it is for a service that is disabled")
    if enabled is not None:
        await set_enabled(tx, host.id, enabled, reason)
    if is_down is not None:
        await force_down(tx, host.id, is_down)


async def delete_service(
    tx: Transaction, host: Host, moment: datetime.datetime, lease_s: float
) -> None:
    """Forget a host that is gone for good: it is in no aggregate and nothing is claimed of it.

    Raises `Conflict` while its agent reports, servers or volumes are on it, or one moves.
    """
    if host.is_alive(moment, lease_s):
        raise Conflict(
            f"cannot delete the service of the host {host.name}: its agent still reports; stop it"
        )
    placed = [one for one in await servers.list_on_hosts(tx) if one[0] == host.id]
    if placed:
        raise Conflict(
            f"cannot delete the service of the host {host.name}: it has {len(placed)} servers; "
            "move or delete them first"
        )
    wanted = MigrationFilter(host_id=host.id)
    moves, _ = await migrations.list_migrations(tx, wanted, Page(limit=None))
    if any(one.status not in _OVER for one in moves):
        raise Conflict(
            f"cannot delete the service of the host {host.name}: servers move from it or to it; "
            "confirm or revert them first"
        )
    await remove_host(tx, host)
    await remove_provider(tx, host)
    await aggregates.delete_host_everywhere(tx, host.id)
