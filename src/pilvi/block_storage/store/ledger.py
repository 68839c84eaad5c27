"""Everything of block storage that an audit compares."""

from sqlalchemy import select

from pilvi.block_storage.model.attachment import Attachment
from pilvi.block_storage.store.attachments import read_attachment
from pilvi.block_storage.store.tables import attachments, backups, snapshots, uploads, volumes
from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind


async def list_all_attachments(tx: Transaction) -> list[Attachment]:
    """Every attachment of every volume."""
    return [read_attachment(row) for row in await tx.all(select(attachments))]


async def list_ids(tx: Transaction) -> dict[Kind, frozenset[str]]:
    """Ids of everything that a host can be asked to hold, by kind."""
    columns = {
        Kind.VOLUME: volumes.c.id,
        Kind.SNAPSHOT: snapshots.c.id,
        Kind.BACKUP: backups.c.id,
        Kind.UPLOAD: uploads.c.image_id,
    }
    return {
        kind: frozenset(row.id for row in await tx.all(select(column.label("id"))))
        for kind, column in columns.items()
    }
