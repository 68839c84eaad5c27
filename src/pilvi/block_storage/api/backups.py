"""Backups: wire types and handlers."""

import base64
import binascii
from typing import Any

import msgspec

from pilvi.block_storage.api.views import (
    has_next,
    is_empty_page,
    links_of,
    next_links,
    print_time,
    read_flag,
    read_offset,
    read_word,
)
from pilvi.block_storage.api.volumes import Metadata, Name
from pilvi.block_storage.model.backup import Backup, BackupStatus
from pilvi.block_storage.operations import backup_records as records
from pilvi.block_storage.operations import backups as operations
from pilvi.block_storage.operations.snapshots import get_snapshot
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.block_storage.store import backups as store
from pilvi.core.http import Call, Reply
from pilvi.core.paging import parse_page
from pilvi.errors import Forbidden, InvalidRequest
from pilvi.scheduler import AVAILABILITY_ZONE

BACKUP_FILTERS = ("name", "status", "volume_id")
_PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "with_count", "all_tenants")
SERVICE = "cinder.backup.drivers.pilvi"
"""What a record names as the driver that can read it; tools look for the first words."""


class NewBackupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a new backup is to be."""

    volume_id: Name
    name: Name | None = None
    description: Name | None = None
    container: Name | None = None
    snapshot_id: Name | None = None
    availability_zone: Name | None = None
    incremental: bool | str | None = None
    force: bool | str | None = None
    metadata: Metadata | None = None


class BackupCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /backups."""

    backup: NewBackupFields


class BackupChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a backup."""

    name: Name | None | msgspec.UnsetType = msgspec.UNSET
    description: Name | None | msgspec.UnsetType = msgspec.UNSET
    metadata: Metadata | None | msgspec.UnsetType = msgspec.UNSET


class BackupUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /backups/{id}."""

    backup: BackupChanges


class RestoreFields(msgspec.Struct, forbid_unknown_fields=True):
    """Where a backup shall go."""

    volume_id: Name | None = None
    name: Name | None = None


class Restore(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /backups/{id}/restore."""

    restore: RestoreFields | None = None


class ResetBackup(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-reset_status."""

    status: Name


class RecordFields(msgspec.Struct, forbid_unknown_fields=True):
    """A backup as another database knows it."""

    backup_service: Name
    backup_url: str


class RecordImport(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /backups/import_record."""

    record: RecordFields = msgspec.field(name="backup-record")


async def _get_own(call: Call[Any]) -> Backup:
    project_id = call.caller.visible_project_id
    return await operations.get_backup(call.tx, call.path["backup_id"], project_id)


def _render_short(call: Call[Any], backup: Backup) -> dict[str, Any]:
    return {
        "id": backup.id,
        "name": backup.name,
        "links": links_of(call, "backups", backup.id),
    }


def _render(call: Call[Any], backup: Backup, has_dependents: bool) -> dict[str, Any]:
    return {
        **_render_short(call, backup),
        "status": backup.status,
        "size": backup.size_gib,
        "object_count": backup.blocks,
        "container": backup.container,
        "description": backup.description,
        "availability_zone": backup.availability_zone or AVAILABILITY_ZONE,
        "created_at": print_time(backup.created_at),
        "updated_at": print_time(backup.updated_at or backup.created_at),
        "data_timestamp": print_time(backup.data_timestamp),
        "volume_id": backup.volume_id,
        "snapshot_id": backup.snapshot_id,
        "fail_reason": backup.error or None,
        "is_incremental": backup.parent_id is not None,
        "has_dependent_backups": has_dependents,
        "metadata": dict(backup.metadata),
        "user_id": backup.user_id,
        "os-backup-project-attr:project_id": backup.project_id,
    }


async def _list(call: Call[None]) -> tuple[list[Backup], dict[str, Any]]:
    equal: dict[str, Any] = {}
    like: dict[str, str] = {}
    for name, text in call.query.multi_items():
        if name in BACKUP_FILTERS:
            equal[name] = text
        elif name == "name~" and "like_filters" in call.flags:
            like["name"] = text
        elif name not in (*_PAGING, "project_id") and "strict_filters" in call.flags:
            raise InvalidRequest(f"cannot filter by '{name}': {', '.join(BACKUP_FILTERS)}")
    if not (call.caller.is_admin and read_word(call, "all_tenants")):
        equal["project_id"] = call.caller.own_project_id
    elif "project_id" in call.query:
        equal["project_id"] = call.query["project_id"]
    page = parse_page(call.query)
    found, more = await store.list_backups(call.tx, equal, like, page, read_offset(call))
    beside: dict[str, Any] = {}
    if is_empty_page(call):
        found = []
    if has_next(page, found, more):
        collection = call.request.url.path.rpartition("/backups")[2]
        beside["backups_links"] = next_links(call, f"backups{collection}", found[-1].id)
    if "counts" in call.flags and read_word(call, "with_count"):
        beside["count"] = await store.count_backups(call.tx, equal)
    return found, beside


async def list_backups(call: Call[None]) -> dict[str, Any]:
    """Backups by name only."""
    found, beside = await _list(call)
    return {"backups": [_render_short(call, one) for one in found], **beside}


async def list_backups_detail(call: Call[None]) -> dict[str, Any]:
    """Backups with everything."""
    found, beside = await _list(call)
    parents = await store.list_parents(call.tx, [one.id for one in found])
    return {"backups": [_render(call, one, one.id in parents) for one in found], **beside}


async def show_backup(call: Call[None]) -> dict[str, Any]:
    """One backup."""
    backup = await _get_own(call)
    parents = await store.list_parents(call.tx, [backup.id])
    return {"backup": _render(call, backup, backup.id in parents)}


async def create_backup(call: Call[BackupCreate]) -> dict[str, Any]:
    """A new backup."""
    fields = call.payload.backup
    project_id = call.caller.visible_project_id
    volume = await get_volume(call.tx, fields.volume_id, project_id)
    snapshot = None
    if fields.snapshot_id:
        snapshot = await get_snapshot(call.tx, fields.snapshot_id, project_id)
    if fields.availability_zone not in (None, AVAILABILITY_ZONE):
        raise InvalidRequest(
            f"cannot find the availability zone '{fields.availability_zone}'; there is "
            f"'{AVAILABILITY_ZONE}'"
        )
    backup = await operations.create_backup(
        call.tx,
        volume,
        snapshot,
        operations.NewBackup(
            user_id=call.caller.user_id,
            name=fields.name,
            description=fields.description,
            container=fields.container,
            availability_zone=fields.availability_zone,
            metadata=fields.metadata or {},
            incremental=read_flag(fields.incremental),
            force=read_flag(fields.force),
        ),
    )
    return {"backup": {**_render_short(call, backup), "metadata": dict(backup.metadata)}}


async def update_backup(call: Call[BackupUpdate]) -> dict[str, Any]:
    """Change what a backup is called."""
    backup, fields = await _get_own(call), call.payload.backup
    values = {
        name: getattr(fields, name)
        for name in ("name", "description", "metadata")
        if getattr(fields, name) is not msgspec.UNSET
    }
    if not values:
        raise InvalidRequest("cannot update a backup with nothing; give name or description")
    if "metadata" in values:
        values["metadata"] = values["metadata"] or {}
    changed = await operations.update_backup(call.tx, backup, **values)
    return {"backup": {**_render_short(call, changed), "metadata": dict(changed.metadata)}}


async def delete_backup(call: Call[None]) -> None:
    """Wish a backup away."""
    await operations.delete_backup(call.tx, await _get_own(call))


async def force_delete_backup(call: Call[Any]) -> None:
    """Wish a backup away whatever its status."""
    await operations.delete_backup(call.tx, await _get_own(call), force=True)


async def reset_backup_status(call: Call[ResetBackup]) -> None:
    """Say what a backup's status is, or with available take that back."""
    text = call.payload.status
    if text not in ("available", "error"):
        raise InvalidRequest(f"cannot set the status '{text}'; use available or error")
    await operations.mark_status(call.tx, await _get_own(call), BackupStatus(text))


async def restore_backup(call: Call[Restore]) -> dict[str, Any]:
    """Put a backup's bytes into a new volume or a given one."""
    backup, wanted = await _get_own(call), call.payload.restore or RestoreFields()
    volume = None
    if wanted.volume_id:
        project_id = call.caller.visible_project_id
        volume = await get_volume(call.tx, wanted.volume_id, project_id)
    elif not call.caller.is_admin and backup.project_id != call.caller.own_project_id:
        raise Forbidden("cannot restore another project's backup to a new volume")
    restored = await operations.restore_backup(
        call.tx, backup, call.caller.user_id, volume, wanted.name
    )
    row = {
        "backup_id": backup.id,
        "volume_id": restored.id,
        "volume_name": restored.name or "",
    }
    return {"restore": row}


async def export_record(call: Call[None]) -> dict[str, Any]:
    """A backup as another database can take it in."""
    record = await records.export_record(call.tx, await _get_own(call))
    url = base64.b64encode(msgspec.json.encode(record)).decode()
    return {"backup-record": {"backup_service": SERVICE, "backup_url": url}}


async def import_record(call: Call[RecordImport]) -> Reply:
    """Take in a backup whose files are in a host's backup directory."""
    given = call.payload.record
    if given.backup_service != SERVICE:
        raise InvalidRequest(f"cannot read a record of '{given.backup_service}': only {SERVICE}")
    try:
        text = base64.b64decode(given.backup_url, validate=True)
        record = msgspec.json.decode(text, type=records.BackupRecord)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise InvalidRequest("cannot read the backup_url: it is not an exported record") from None
    backup = await records.import_record(
        call.tx, record, call.caller.own_project_id, call.caller.user_id
    )
    return Reply({"backup": _render_short(call, backup)}, 201)
