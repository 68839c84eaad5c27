"""Ends consoles that nobody will: tokens that expired, sessions whose API process was killed."""

from collections.abc import Sequence

from pilvi.compute.operations.consoles import close_console, is_over, list_over
from pilvi.core.db import Database
from pilvi.core.reconcile import Done, Result


class ConsoleReconciler:
    """Makes consoles so; the id is the session's."""

    kind = "console"

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            if not await is_over(tx, id):
                return Done()
        async with self._db.write() as tx:
            # Its process may have renewed it meanwhile.
            if await is_over(tx, id):
                await close_console(tx, id)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await list_over(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nobody looks at a console that is over."""
