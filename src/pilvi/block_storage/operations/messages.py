"""What a caller may do with messages. In the caller's transaction."""

from pilvi.block_storage.store.dismissed_messages import dismiss_message
from pilvi.core.db import Transaction


async def delete_message(tx: Transaction, id: str) -> None:
    """Do not show a message again; a newer one of the same thing is another. Repeatable."""
    await dismiss_message(tx, id)
