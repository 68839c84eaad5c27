"""Joins wish, plan and hosts for volumes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import assert_never

from pilvi.block_storage.model.attachment import AttachmentId
from pilvi.block_storage.model.volume import Volume, VolumeId
from pilvi.block_storage.model.volume_type import misfit
from pilvi.block_storage.operations.groups import GROUP_WAKE
from pilvi.block_storage.operations.status import save_backup_status, save_status
from pilvi.block_storage.operations.volume_types import get_type
from pilvi.block_storage.operations.volumes import WAKE
from pilvi.block_storage.reconcilers.plan import (
    AssignSpec,
    ChooseHost,
    DropAttachment,
    DropVolume,
    NameTarget,
    NoteExport,
    NoteSeen,
    Plan,
    Step,
    View,
    WithdrawSpec,
    plan_volume,
)
from pilvi.block_storage.store import attachments, volumes
from pilvi.block_storage.store.closed_hosts import list_closed
from pilvi.core.db import Database, Transaction, now
from pilvi.core.reconcile import Done, Result, Terminal, taking
from pilvi.errors import PilviError
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import SourceKind
from pilvi.hosts.model.host import Host, HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.hosts.operations.hosts import list_hosts
from pilvi.scheduler import list_candidates
from pilvi.settings import Settings

SERVER_WAKE = "server"
"""Kind of the wake-up of those who attach: a target answers, changes or is gone."""


class VolumeReconciler:
    """Follows one volume: its host, its file, its targets."""

    kind = WAKE

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def reconcile(self, id: str) -> Result:
        """Bring one volume nearer to its wish. Repeatable.

        The plan is made from a reading transaction first: most looks find nothing to do, and
        those need no turn among the writers.
        """
        async with self._db.read() as tx:
            plan = await self._plan(tx, id)
        if plan is None:
            return Done()
        if not plan.steps:
            return plan.result
        async with self._db.write() as tx:
            plan = await self._plan(tx, id)
            if plan is None:
                return Done()
            for step in plan.steps:
                work = partial(self._take, tx, VolumeId(id), step)
                await taking(self.kind, id, step, work)
            await self._after(tx, id)
        return plan.result

    async def list_unsettled(self) -> Sequence[str]:
        """Volumes that are on their way, or whose targets are."""
        async with self._db.read() as tx:
            return await volumes.list_unsettled(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Record why, where the volume's messages show it."""
        why = "cannot bring the volume to its wish because of a defect of the cloud"
        message = error.message if isinstance(error, PilviError) else why
        async with self._db.write() as tx:
            failed = isinstance(error, Terminal)
            await volumes.update_volume(tx, VolumeId(id), error=message, failed=failed)
            await save_status(tx, id)

    async def _plan(self, tx: Transaction, id: str) -> Plan | None:
        volume = await volumes.find_volume(tx, id)
        return None if volume is None else plan_volume(await self._view(tx, volume))

    async def _view(self, tx: Transaction, volume: Volume) -> View:
        moment = now()
        return View(
            volume=volume,
            attachments=(await attachments.list_of_volumes(tx, [volume.id])).get(volume.id, []),
            held=await find_held(tx, Kind.VOLUME, volume.id),
            candidates=list_candidates(
                await self._list_open_hosts(tx), {}, moment, self._settings.host_lease_s
            ),
            now=moment,
            name_prefix=self._settings.name_prefix,
            misfit=misfit((await get_type(tx, volume.volume_type_id, None)).extra_specs),
        )

    async def _list_open_hosts(self, tx: Transaction) -> list[Host]:
        """All hosts; one that is closed to volumes counts as disabled."""
        closed = await list_closed(tx)
        return [
            replace(host, enabled=host.enabled and host.id not in closed)
            for host in await list_hosts(tx)
        ]

    async def _take(self, tx: Transaction, id: VolumeId, step: Step) -> None:
        match step:
            case ChooseHost(host_id):
                await volumes.update_volume(tx, id, host_id=host_id)
            case NameTarget(attachment_id, iqn):
                await attachments.update_attachment(tx, AttachmentId(attachment_id), iqn=iqn)
            case AssignSpec(host_id, spec):
                await assign(tx, HostId(host_id), Kind.VOLUME, id, spec, owner=(WAKE, id))
            case WithdrawSpec():
                await withdraw(tx, Kind.VOLUME, id)
            case NoteSeen():
                await self._note_seen(tx, id, step)
            case NoteExport(attachment_id, server_id, exported, portal):
                await attachments.update_attachment(
                    tx, AttachmentId(attachment_id), exported=exported, portal=portal
                )
                tx.wake(SERVER_WAKE, server_id)
            case DropAttachment(attachment_id, server_id):
                await attachments.delete_attachment(tx, AttachmentId(attachment_id))
                tx.wake(SERVER_WAKE, server_id)
            case DropVolume():
                await self._drop(tx, id)
            case _:
                assert_never(step)

    async def _note_seen(self, tx: Transaction, id: VolumeId, step: NoteSeen) -> None:
        await volumes.update_volume(
            tx,
            id,
            seen_size_gib=step.seen_size_gib,
            seen_content=step.seen_content,
            error=step.error,
            failed=step.failed,
        )
        for one in (await attachments.list_of_volumes(tx, [id])).get(id, []):
            tx.wake(SERVER_WAKE, one.server_id)

    async def _drop(self, tx: Transaction, id: VolumeId) -> None:
        volume = await volumes.get_volume(tx, id, None)
        await volumes.delete_volume(tx, id)
        if volume.group_id is not None:
            tx.wake(GROUP_WAKE, volume.group_id)

    async def _after(self, tx: Transaction, id: str) -> None:
        """Keep the derived status, in the transaction of its inputs."""
        volume = await save_status(tx, id)
        if volume is None or volume.source is None:
            return
        if volume.source.kind is SourceKind.BACKUP:
            await save_backup_status(tx, volume.source.id)
