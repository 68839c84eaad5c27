"""Joins wish, plan and hosts for backups."""

from collections.abc import Sequence
from functools import partial

from pilvi.block_storage.model.backup import Backup, BackupId
from pilvi.block_storage.operations.backups import BACKUP_WAKE, list_chain, save_source_status
from pilvi.block_storage.operations.status import save_backup_status
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
from pilvi.block_storage.reconcilers.snapshot import DEFECT
from pilvi.block_storage.store import backups
from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Done, Result, Terminal, taking
from pilvi.errors import PilviError
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import BackupSeen, BackupSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.settings import Settings


class BackupReconciler:
    """Follows one backup until it is whole, and until it is gone."""

    kind = BACKUP_WAKE

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            backup = await backups.find_backup(tx, id)
            if backup is None:
                return Done()
            plan = await self._plan(tx, backup)
            for step in plan.steps:
                await taking(self.kind, id, step, partial(_take, tx, backup, step))
            if plan.steps:
                await save_backup_status(tx, id)
                await save_source_status(tx, backup)
        return plan.result

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await backups.list_unsettled(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Record why, where the backup's fail_reason shows it."""
        message = error.message if isinstance(error, PilviError) else DEFECT
        async with self._db.write() as tx:
            failed = isinstance(error, Terminal)
            await backups.update_backup(tx, BackupId(id), error=message, failed=failed)
            backup = await save_backup_status(tx, id)
            if backup is not None:
                await save_source_status(tx, backup)

    async def _plan(self, tx: Transaction, backup: Backup) -> CopyPlan:
        moment = now()
        hosts = {host.id: host for host in await list_hosts(tx)}
        host = hosts.get(HostId(backup.host_id or ""))
        chain = await list_chain(tx, backup) if backup.present else []
        return plan_copy(
            CopyView(
                present=backup.present,
                is_whole=backup.is_whole,
                error=backup.error,
                failed=backup.failed,
                desired_at=backup.desired_at,
                spec=BackupSpec(
                    backup_id=backup.folder,
                    project_id=backup.project_id,
                    volume_id=backup.volume_id,
                    snapshot_id=backup.snapshot_id,
                    parents=chain[:-1],
                    must_exist=backup.is_whole or backup.is_imported,
                ),
                held=await find_held(tx, Kind.BACKUP, backup.id),
                is_host_alive=host is not None
                and host.is_alive(moment, self._settings.host_lease_s),
                now=moment,
            )
        )


async def _take(tx: Transaction, backup: Backup, step: CopyStep) -> None:
    match step:
        case AssignCopy(spec):
            host_id, owner = HostId(backup.host_id or ""), (BACKUP_WAKE, backup.id)
            await assign(tx, host_id, Kind.BACKUP, backup.id, spec, owner=owner)
        case WithdrawCopy():
            await withdraw(tx, Kind.BACKUP, backup.id)
        case NoteCopy(is_whole, error, failed):
            held = await find_held(tx, Kind.BACKUP, backup.id)
            seen = held.decode_seen(BackupSeen) if held is not None and is_whole else None
            blocks = backup.blocks if seen is None else seen.blocks
            await backups.update_backup(
                tx, backup.id, is_whole=is_whole, error=error, failed=failed, blocks=blocks
            )
        case DropCopy():
            await backups.delete_backup(tx, backup.id)
