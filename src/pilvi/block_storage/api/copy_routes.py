"""The rows of THE SURFACE about snapshots, backups and transfers."""

from pilvi.block_storage.api import (
    backups,
    snapshot_metadata,
    snapshots,
    transfers,
    volume_metadata,
)
from pilvi.core.http import Route

_READ, _WRITE, _ADMIN = "volume:read", "volume:write", "volume:administer"
_SNAPSHOT = "/snapshots/{snapshot_id}"
_SNAPSHOT_ITEM = _SNAPSHOT + "/metadata/{key:path}"
_BACKUP = "/backups/{backup_id}"

SNAPSHOTS = [
    Route("GET", "/snapshots", snapshots.list_snapshots, _READ),
    Route(
        "POST",
        "/snapshots",
        snapshots.create_snapshot,
        _WRITE,
        body=snapshots.SnapshotCreate,
        status=202,
    ),
    Route("GET", "/snapshots/detail", snapshots.list_snapshots_detail, _READ),
    Route("GET", _SNAPSHOT, snapshots.show_snapshot, _READ),
    Route("PUT", _SNAPSHOT, snapshots.update_snapshot, _WRITE, body=snapshots.SnapshotUpdate),
    Route("DELETE", _SNAPSHOT, snapshots.delete_snapshot, _WRITE, status=202),
    Route("GET", _SNAPSHOT + "/metadata", snapshot_metadata.list_snapshot_metadata, _READ),
    Route(
        "POST",
        _SNAPSHOT + "/metadata",
        snapshot_metadata.create_snapshot_metadata,
        _WRITE,
        body=volume_metadata.MetadataBody,
    ),
    Route(
        "PUT",
        _SNAPSHOT + "/metadata",
        snapshot_metadata.replace_snapshot_metadata,
        _WRITE,
        body=volume_metadata.MetadataBody,
    ),
    Route("GET", _SNAPSHOT_ITEM, snapshot_metadata.show_snapshot_metadata_item, _READ),
    Route(
        "PUT",
        _SNAPSHOT_ITEM,
        snapshot_metadata.update_snapshot_metadata_item,
        _WRITE,
        body=volume_metadata.ItemBody,
    ),
    Route("DELETE", _SNAPSHOT_ITEM, snapshot_metadata.delete_snapshot_metadata_item, _WRITE),
    *(
        Route(
            "POST",
            _SNAPSHOT + "/action",
            handler,
            policy,
            action=action,
            body=body,
            status=202,
        )
        for action, handler, policy, body in (
            ("os-reset_status", snapshots.reset_snapshot_status, _ADMIN, snapshots.ResetSnapshot),
            (
                "os-update_snapshot_status",
                snapshots.update_snapshot_status,
                _WRITE,
                snapshots.UpdateSnapshotStatus,
            ),
            ("os-force_delete", snapshots.force_delete_snapshot, _ADMIN, None),
        )
    ),
]

BACKUPS = [
    Route("GET", "/backups", backups.list_backups, _READ),
    Route("POST", "/backups", backups.create_backup, _WRITE, body=backups.BackupCreate, status=202),
    Route("GET", "/backups/detail", backups.list_backups_detail, _READ),
    Route(
        "POST",
        "/backups/import_record",
        backups.import_record,
        _ADMIN,
        body=backups.RecordImport,
        status=201,
    ),
    Route("GET", _BACKUP, backups.show_backup, _READ),
    Route("PUT", _BACKUP, backups.update_backup, _WRITE, body=backups.BackupUpdate, since=(3, 9)),
    Route("DELETE", _BACKUP, backups.delete_backup, _WRITE, status=202),
    Route(
        "POST",
        _BACKUP + "/restore",
        backups.restore_backup,
        _WRITE,
        body=backups.Restore,
        status=202,
    ),
    Route("GET", _BACKUP + "/export_record", backups.export_record, _ADMIN),
    Route(
        "POST",
        _BACKUP + "/action",
        backups.reset_backup_status,
        _ADMIN,
        action="os-reset_status",
        body=backups.ResetBackup,
        status=202,
    ),
    Route(
        "POST",
        _BACKUP + "/action",
        backups.force_delete_backup,
        _ADMIN,
        action="os-force_delete",
        status=202,
    ),
]

TRANSFERS = [
    route
    for path, since, body in (
        ("/os-volume-transfer", None, transfers.OldTransferCreate),
        ("/volume-transfers", (3, 55), transfers.TransferCreate),
    )
    for route in (
        Route("GET", path, transfers.list_transfers, _READ, since=since),
        Route("POST", path, transfers.create_transfer, _WRITE, body=body, status=202, since=since),
        Route("GET", path + "/detail", transfers.list_transfers_detail, _READ, since=since),
        Route("GET", path + "/{transfer_id}", transfers.show_transfer, _READ, since=since),
        Route(
            "DELETE",
            path + "/{transfer_id}",
            transfers.delete_transfer,
            _WRITE,
            status=202,
            since=since,
        ),
        Route(
            "POST",
            path + "/{transfer_id}/accept",
            transfers.accept_transfer,
            _WRITE,
            body=transfers.TransferAccept,
            status=202,
            since=since,
        ),
    )
]
