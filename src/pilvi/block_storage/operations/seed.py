"""What block storage has from the start."""

from pilvi.block_storage.operations.volume_types import ensure_default_type
from pilvi.core.db import Transaction


async def seed_block_storage(tx: Transaction) -> None:
    """The default volume type. Repeatable."""
    await ensure_default_type(tx)
