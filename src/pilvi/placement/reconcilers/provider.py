"""Lets a host's provider have what the host reports."""

from collections.abc import Sequence

import structlog

from pilvi.core.db import Database
from pilvi.core.reconcile import Done, Result
from pilvi.errors import NotFound
from pilvi.hosts.operations.hosts import FACTS_WAKE, get_host, list_hosts
from pilvi.placement.operations.providers import is_synced, sync_provider
from pilvi.settings import Settings

log = structlog.get_logger()


class ProviderReconciler:
    """Follows the facts of hosts; the id is the host's."""

    kind = FACTS_WAKE

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def reconcile(self, id: str) -> Result:
        """Bring one provider up to its host's facts."""
        async with self._db.read() as tx:
            try:
                host = await get_host(tx, id)
            except NotFound:
                return Done()
            if await is_synced(tx, host, self._settings):
                return Done()
        async with self._db.write() as tx:
            await sync_provider(tx, await get_host(tx, id), self._settings)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Hosts whose provider is not up to their facts."""
        async with self._db.read() as tx:
            hosts = await list_hosts(tx)
            return [host.id for host in hosts if not await is_synced(tx, host, self._settings)]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nobody but the operator can see a provider that lags: the log has the error."""
        log.error("cannot follow a host's facts", host_id=id, tries=tries, error=str(error))
