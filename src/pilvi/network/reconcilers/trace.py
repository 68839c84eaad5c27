"""Ends traces that were asked for long enough ago: whoever asked has read them, or has gone."""

from collections.abc import Sequence

from pilvi.core.db import Database
from pilvi.core.reconcile import Done, Result
from pilvi.network.operations.traces import TRACE, end_trace, list_old


class TraceReconciler:
    """Looks at one port's trace at a time; the id is the port's."""

    kind = TRACE

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`; a trace that is not old yet is listed when it is."""
        async with self._db.read() as tx:
            is_old = id in await list_old(tx)
        if is_old:
            async with self._db.write() as tx:
                if id in await list_old(tx):
                    await end_trace(tx, id)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return await list_old(tx)

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nobody looks at a trace that is over."""
