"""Who may work on an object: where several processes share a database, one of them at a time.

A claim saves work that would be done twice. It is not what keeps the truth: every step of a
reconciler is one transaction and may be repeated, so a claim that is lost with its database
session costs a second look and nothing more.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Claims(Protocol):
    """Claims on objects, of one process among those that share a database."""

    def held(self, kind: str, id: str) -> AbstractAsyncContextManager[bool]:
        """Hold an object while in the block, or learn (False) that another process has it.

        Never waits for the other. Raises `Unavailable` when nobody can say, also inside the block
        when the claim is lost.
        """
        ...


class Alone:
    """Claims of a process that shares its database with none."""

    @asynccontextmanager
    async def held(self, kind: str, id: str) -> AsyncIterator[bool]:
        """See `Claims.held`."""
        yield True
