"""One piece of work for many objects, for each of which it was asked separately."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

Work = Callable[[Sequence[str]], Awaitable[None]]
"""Done for some ids at once, or for none of them. Repeatable."""

# Ids in one piece of work. Lower: more transactions; higher: other writers wait longer.
BATCH_MAX = 200


class Batches:
    """Collects ids while a piece of work runs, and does the next piece for all of them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._turn = asyncio.Lock()

    async def do(self, id: str) -> None:
        """Have the work done for an id, beginning after this call. Raises what it raised for it."""
        mine = self._waiting.get(id)
        if mine is None:
            mine = self._waiting[id] = asyncio.get_running_loop().create_future()
        async with self._turn:
            if not mine.done():
                await self._serve(id)
        await mine

    async def _serve(self, first: str) -> None:
        """One piece of work for `first` and others that wait."""
        ids = [first, *(id for id in self._waiting if id != first)][:BATCH_MAX]
        batch = {id: self._waiting.pop(id) for id in ids}
        try:
            await self._try(batch)
        finally:
            # Cancelled: whoever still waits does it himself.
            self._waiting |= {id: one for id, one in batch.items() if not one.done()}

    async def _try(self, batch: dict[str, asyncio.Future[None]]) -> None:
        """All at once; where that fails, one by one, so that one bad object spoils no other."""
        try:
            await self._work(list(batch))
        except Exception as error:
            if len(batch) == 1:
                next(iter(batch.values())).set_exception(error)
                return
            for id, one in batch.items():
                await self._try({id: one})
            return
        for one in batch.values():
            one.set_result(None)
