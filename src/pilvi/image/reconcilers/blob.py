"""Contents that no image and no upload names are removed from the store."""

from collections.abc import Sequence

from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Done, Result
from pilvi.image.operations.images import BLOB_WAKE
from pilvi.image.store import images, uploads
from pilvi.image.store.blobs import Blobs

# Contents asked about in one query. Lower: more queries; higher: more than SQLite binds.
_BATCH = 1000


class BlobReconciler:
    """See the module's docstring; ids are sha512 in hexadecimal."""

    kind = BLOB_WAKE

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db, self._blobs = db, blobs

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler.reconcile`.

        The file leaves the store inside a write transaction: an upload records its content
        before it links it, so that one of the two sees the other.
        """
        async with self._db.write() as tx:
            if not await _list_used(tx, [id]):
                self._blobs.retire(id)
        await self._blobs.run(self._blobs.purge, id)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler.list_unsettled`."""
        there = sorted(await self._blobs.run(self._blobs.list_blobs))
        trash = await self._blobs.run(self._blobs.list_trash)
        used: set[str] = set()
        async with self._db.read() as tx:
            for start in range(0, len(there), _BATCH):
                used |= await _list_used(tx, there[start : start + _BATCH])
        return sorted(trash.union(there) - used | trash)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """See `Reconciler.note_failure`: the log is enough, no user sees a content."""


async def _list_used(tx: Transaction, sha512: Sequence[str]) -> set[str]:
    return await images.list_used_blobs(tx, sha512) | await uploads.list_used_blobs(tx, sha512)
