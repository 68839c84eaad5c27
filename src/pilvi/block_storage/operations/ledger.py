"""What an audit compares of block storage. In the caller's transaction."""

from pilvi.block_storage.model.attachment import Attachment
from pilvi.block_storage.store import ledger
from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind


async def list_all_attachments(tx: Transaction) -> list[Attachment]:
    """Every attachment of every volume."""
    return await ledger.list_all_attachments(tx)


async def list_ids(tx: Transaction) -> dict[Kind, frozenset[str]]:
    """Ids of everything that a host can be asked to hold, by kind."""
    return await ledger.list_ids(tx)
