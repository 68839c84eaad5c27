"""Groups that are wished away go with their last volume, their snapshots with the last part."""

from collections.abc import Sequence

from pilvi.block_storage.operations.groups import GROUP_SNAPSHOT_WAKE, GROUP_WAKE
from pilvi.block_storage.store import groups, snapshots, volumes
from pilvi.core.db import Database
from pilvi.core.reconcile import Done, Result


class GroupReconciler:
    """Removes the rows of groups."""

    kind = GROUP_WAKE

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            group = await groups.find_group(tx, id)
            if group is not None and not group.present:
                has_snapshots = await groups.count_group_snapshots(tx, id)
                if not has_snapshots and not await volumes.list_by_group(tx, id):
                    await groups.delete_group(tx, id)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await groups.list_leaving_groups(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing to note: the group stays as it is and is looked at again."""


class GroupSnapshotReconciler:
    """Removes the rows of groups' snapshots."""

    kind = GROUP_SNAPSHOT_WAKE

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            found = await groups.find_group_snapshot(tx, id)
            if found is None or found.present:
                return Done()
            if not await snapshots.list_by(tx, group_snapshot_id=id):
                await groups.delete_group_snapshot(tx, id)
                tx.wake(GROUP_WAKE, found.group_id)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await groups.list_leaving_group_snapshots(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing to note: it stays as it is and is looked at again."""
