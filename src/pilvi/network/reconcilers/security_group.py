"""Brings the changed rules of a security group to every port that is in it."""

from collections.abc import Sequence

from pilvi.core.db import Database
from pilvi.core.reconcile import Done, Result
from pilvi.network.operations.wakes import SECURITY_GROUP
from pilvi.network.reconcilers.batches import BATCH_MAX
from pilvi.network.reconcilers.port import sync_ports
from pilvi.network.store import security_groups


class SecurityGroupReconciler:
    """Looks at one group at a time; any number of its changes before that are one look."""

    kind = SECURITY_GROUP

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """Bring the ports of a group up to date. Repeatable."""
        async with self._db.read() as tx:
            group = await security_groups.find_group(tx, id)
            ids = await security_groups.list_ports_in_group(tx, id) if group else []
        if group is None:
            return Done()
        while True:
            now, ids = ids[:BATCH_MAX], ids[BATCH_MAX:]
            async with self._db.write() as tx:
                await sync_ports(tx, now)
                if not ids:
                    applied = {"applied_generation": group.generation}
                    await security_groups.update_group(tx, id, **applied)
                    return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Groups whose newest change has not reached their ports."""
        async with self._db.read() as tx:
            return await security_groups.list_unapplied(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing beyond the log: the next look is the same one again."""
