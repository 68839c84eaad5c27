"""Control planes beside each other on one simulated database, as PostgreSQL lets them be.

What one holds is free in the moment in which it dies, the others notice within a while, and what
they tell each other may never arrive.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from pilvi.core.db.engine import Wake
from pilvi.testing.simulation.process import Process

# Seconds for one question to the database.
ANSWER_S_MAX = 0.004
# Seconds until the others notice that one is gone, and until they hear what one tells.
NOTICE_S_MAX = 0.5
# How much of what is told is never heard.
LOST_SHARE = 0.1


class Sessions:
    """What the database knows of its sessions."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.there: list[SimulatedPeers] = []
        self.claims: dict[tuple[str, str], SimulatedPeers] = {}

    def end(self, gone: "SimulatedPeers") -> None:
        """A process died: its claims are free, and the others will notice."""
        self.there.remove(gone)
        for key in [key for key, holder in self.claims.items() if holder is gone]:
            del self.claims[key]
        for other in self.there:
            other.after(self.chance.random() * NOTICE_S_MAX, other.on_lost)


@dataclass(slots=True, eq=False)
class SimulatedPeers:
    """One control plane among those on the database; see `PostgresPeers`."""

    sessions: Sessions
    process: Process
    told_kinds: frozenset[str] = frozenset()
    on_news: Callable[[Iterable[Wake]], None] = lambda wakes: None
    on_lost: Callable[[], None] = lambda: None
    _claims: set[tuple[str, str]] = field(default_factory=set)

    def listen(
        self,
        told_kinds: frozenset[str],
        on_news: Callable[[Iterable[Wake]], None],
        on_lost: Callable[[], None],
    ) -> None:
        """See `PostgresPeers.listen`."""
        self.told_kinds, self.on_news, self.on_lost = told_kinds, on_news, on_lost

    def join(self) -> None:
        """Begin a session, which ends with the process."""
        self.sessions.there.append(self)
        self.process.at_death.append(lambda: self.sessions.end(self))

    @asynccontextmanager
    async def held(self, kind: str, id: str) -> AsyncIterator[bool]:
        """See `Claims.held`."""
        claims, key = self.sessions.claims, (kind, id)
        await asyncio.sleep(self.sessions.chance.random() * ANSWER_S_MAX)
        if key in claims:
            yield False
            return
        claims[key] = self
        try:
            yield True
        finally:
            if claims.get(key) is self:
                del claims[key]

    def tell(self, wakes: Iterable[Wake]) -> None:
        """Tell the others of what was committed; they may not hear it."""
        told = [wake for wake in wakes if wake[0] in self.told_kinds]
        for other in self.sessions.there:
            chance = self.sessions.chance
            if told and other is not self and chance.random() >= LOST_SHARE:
                other.after(chance.random() * NOTICE_S_MAX, partial(other.on_news, told))

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something as this process, later, if it lives then."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            call()

        if not self.process.is_dead:
            self.process.start(wait(), name="peers")

    async def run(self) -> None:
        """See `PostgresPeers.run`: here a session is never lost while its process lives."""
        await asyncio.Event().wait()
