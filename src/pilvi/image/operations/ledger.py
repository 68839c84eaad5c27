"""What an audit compares of images: rows in the caller's transaction, and the store's files."""

from pilvi.core.db import Transaction
from pilvi.image.model.stored_file import StoredFile
from pilvi.image.store import ledger
from pilvi.image.store.blobs import Blobs
from pilvi.image.store.ledger import ImageRows


async def read_rows(tx: Transaction) -> ImageRows:
    """What the rows of images and uploads say of the store."""
    return await ledger.read_rows(tx)


class StoreFiles:
    """The image store, as far as an audit looks at it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def list(self) -> list[StoredFile]:
        """Every file that is really there."""
        return await self._blobs.run(self._blobs.list_files)
