"""What an audit compares of compute. In the caller's transaction."""

from pilvi.compute.model.server import Server
from pilvi.compute.store import ledger, snapshots
from pilvi.core.db import Transaction


async def list_living(tx: Transaction) -> list[tuple[Server, bool]]:
    """Every server that is not deleted, and whether nothing is left to do for it."""
    return await ledger.list_living(tx)


async def list_console_ids(tx: Transaction) -> frozenset[str]:
    """Consoles that somebody looks at, or may."""
    return await ledger.list_console_ids(tx)


async def list_capture_ids(tx: Transaction) -> frozenset[str]:
    """Images that are being made of servers' disks."""
    return frozenset(snapshot.image_id for snapshot in await snapshots.list_snapshots(tx))
