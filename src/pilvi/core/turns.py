"""One at a time for each key: locks that are there only while somebody holds or waits for one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Locks by key."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}
        """Of each lock: how many hold or wait for it."""

    def is_held(self, key: str) -> bool:
        """Whether it is somebody's turn."""
        return key in self._locks

    @property
    def is_anybodys(self) -> bool:
        """Whether it is somebody's turn for any key."""
        return bool(self._locks)

    @asynccontextmanager
    async def taken(self, key: str) -> AsyncIterator[None]:
        """Wait for one's turn, and have it in the block."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            # A lock between its holder and its next is not locked: only the count knows.
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
