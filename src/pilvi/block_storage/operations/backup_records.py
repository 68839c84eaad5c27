"""Backups that one database tells another of. In the caller's transaction."""

import datetime
import re

import msgspec

from pilvi.block_storage.model.backup import Backup, BackupId
from pilvi.block_storage.operations.backups import BACKUP_WAKE
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.store import backups as store
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest
from pilvi.hosts.operations.hosts import list_hosts

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SIZE_GIB_MAX = 1 << 20


class BackupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a backup; its bytes are where its host keeps them."""

    id: str
    volume_id: str
    parent_id: str | None
    host: str
    """Name of the host."""
    files_id: str
    """Name of the folder in its backup directory."""
    name: str | None
    description: str | None
    size_gib: int
    data_timestamp: datetime.datetime
    bootable: bool = False
    metadata: dict[str, str] = {}
    image_metadata: dict[str, str] = {}


async def export_record(tx: Transaction, backup: Backup) -> BackupRecord:
    """What another database needs to take a backup in. Raises `InvalidRequest`."""
    if backup.status != "available":
        raise InvalidRequest(
            f"cannot export the backup '{backup.id}': its status is {backup.status}, it must be "
            "available"
        )
    hosts = {str(host.id): host.name for host in await list_hosts(tx)}
    facts = backup.volume_facts
    return BackupRecord(
        id=backup.id,
        volume_id=backup.volume_id,
        parent_id=backup.parent_id,
        host=hosts.get(backup.host_id or "", ""),
        files_id=backup.folder,
        name=backup.name,
        description=backup.description,
        size_gib=backup.size_gib,
        data_timestamp=backup.data_timestamp,
        bootable=bool(facts.get("bootable")),
        metadata=dict(facts.get("metadata") or {}),
        image_metadata=dict(facts.get("image_metadata") or {}),
    )


async def import_record(
    tx: Transaction, record: BackupRecord, project_id: str, user_id: str
) -> Backup:
    """Take a backup in; it is an error when its host does not have its files.

    Raises `InvalidRequest` for what cannot be, `Conflict` for a backup that is known.
    """
    for id in (record.id, record.volume_id, record.parent_id, record.files_id):
        if id is not None and not _ID.fullmatch(id):
            raise InvalidRequest("cannot take the backup in: its record holds a strange id")
    if not 1 <= record.size_gib <= SIZE_GIB_MAX:
        raise InvalidRequest("cannot take the backup in: its record holds a strange size")
    if await store.find_backup(tx, record.id) is not None:
        raise Conflict(f"cannot take the backup '{record.id}' in: it is known already")
    if record.parent_id is not None:
        parent = await store.find_backup(tx, record.parent_id, project_id)
        if parent is None:
            raise InvalidRequest(
                f"cannot take the backup '{record.id}' in; take in '{record.parent_id}' first, "
                "from which it differs"
            )
    hosts = {host.name: host.id for host in await list_hosts(tx)}
    if record.host not in hosts:
        raise InvalidRequest(f"cannot take the backup in: there is no host '{record.host}'")
    await check_room(tx, project_id, backups=1, backup_gigabytes=record.size_gib)
    moment = now()
    backup = Backup(
        id=BackupId(record.id),
        project_id=project_id,
        user_id=user_id,
        volume_id=record.volume_id,
        snapshot_id=None,
        parent_id=record.parent_id,
        name=record.name,
        description=record.description,
        container=None,
        availability_zone=None,
        size_gib=record.size_gib,
        volume_facts={
            "bootable": record.bootable,
            "metadata": record.metadata,
            "image_metadata": record.image_metadata,
        },
        data_timestamp=record.data_timestamp.replace(
            tzinfo=record.data_timestamp.tzinfo or datetime.UTC
        ),
        desired_at=moment,
        created_at=moment,
        host_id=hosts[record.host],
        files_id=record.files_id,
        is_imported=True,
    )
    await store.insert_backup(tx, backup)
    tx.wake(BACKUP_WAKE, backup.id)
    return backup
