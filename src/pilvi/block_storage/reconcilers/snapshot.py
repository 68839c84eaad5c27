"""Joins wish, plan and hosts for snapshots."""

from collections.abc import Sequence
from functools import partial

from pilvi.block_storage.model.snapshot import Snapshot, SnapshotId
from pilvi.block_storage.operations.groups import GROUP_SNAPSHOT_WAKE
from pilvi.block_storage.operations.snapshots import SNAPSHOT_WAKE
from pilvi.block_storage.operations.status import save_snapshot_status
from pilvi.block_storage.reconcilers.copies import (
    AssignCopy,
    CopyPlan,
    CopyStep,
    CopyView,
    DropCopy,
    NoteCopy,
    WithdrawCopy,
    plan_copy,
)
from pilvi.block_storage.store import snapshots
from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Done, Result, Terminal, taking
from pilvi.errors import PilviError
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import SnapshotSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.settings import Settings

DEFECT = "cannot bring it to its wish because of a defect of the cloud"


class SnapshotReconciler:
    """Follows one snapshot until it is whole, and until it is gone."""

    kind = SNAPSHOT_WAKE

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            snapshot = await snapshots.find_snapshot(tx, id)
            if snapshot is None:
                return Done()
            plan = await self._plan(tx, snapshot)
            for step in plan.steps:
                await taking(self.kind, id, step, partial(_take, tx, snapshot, step))
            if plan.steps:
                await save_snapshot_status(tx, id)
        return plan.result

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await snapshots.list_unsettled(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Record why, where the snapshot's messages show it."""
        message = error.message if isinstance(error, PilviError) else DEFECT
        async with self._db.write() as tx:
            failed = isinstance(error, Terminal)
            await snapshots.update_snapshot(tx, SnapshotId(id), error=message, failed=failed)
            await save_snapshot_status(tx, id)

    async def _plan(self, tx: Transaction, snapshot: Snapshot) -> CopyPlan:
        moment = now()
        hosts = {host.id: host for host in await list_hosts(tx)}
        host = hosts.get(HostId(snapshot.host_id or ""))
        return plan_copy(
            CopyView(
                present=snapshot.present,
                is_whole=snapshot.is_whole,
                error=snapshot.error,
                failed=snapshot.failed,
                desired_at=snapshot.desired_at,
                spec=SnapshotSpec(
                    snapshot_id=snapshot.id,
                    volume_id=snapshot.volume_id,
                    project_id=snapshot.project_id,
                    must_exist=snapshot.is_whole,
                ),
                held=await find_held(tx, Kind.SNAPSHOT, snapshot.id),
                is_host_alive=host is not None
                and host.is_alive(moment, self._settings.host_lease_s),
                now=moment,
            )
        )


async def _take(tx: Transaction, snapshot: Snapshot, step: CopyStep) -> None:
    match step:
        case AssignCopy(spec):
            host_id, owner = HostId(snapshot.host_id or ""), (SNAPSHOT_WAKE, snapshot.id)
            await assign(tx, host_id, Kind.SNAPSHOT, snapshot.id, spec, owner=owner)
        case WithdrawCopy():
            await withdraw(tx, Kind.SNAPSHOT, snapshot.id)
        case NoteCopy(is_whole, error, failed):
            await snapshots.update_snapshot(
                tx, snapshot.id, is_whole=is_whole, error=error, failed=failed
            )
        case DropCopy():
            await snapshots.delete_snapshot(tx, snapshot.id)
            if snapshot.group_snapshot_id is not None:
                tx.wake(GROUP_SNAPSHOT_WAKE, snapshot.group_snapshot_id)
