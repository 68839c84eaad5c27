"""What this host has seen and not yet told.

Only the newest observation of an object counts, so nothing queues up while the control plane is
away, and the whole is told again after a reconnect.
"""

import asyncio

from pilvi.host_api.contract import Kind, Observation


class Outbox:
    """The newest observation of every object, and which of them still have to be told."""

    def __init__(self) -> None:
        self._newest: dict[tuple[Kind, str], Observation] = {}
        self._untold: set[tuple[Kind, str]] = set()
        self.changed = asyncio.Event()
        """Set whenever there is something to tell."""

    def publish(self, observation: Observation) -> None:
        """Take note of what is seen now; the same as before is not told again."""
        key = (observation.kind, observation.id)
        if self._newest.get(key) == observation:
            return
        self._newest[key] = observation
        self._untold.add(key)
        self.changed.set()

    def find(self, kind: Kind, id: str) -> Observation | None:
        """What was last seen of one object in this run of the agent."""
        return self._newest.get((kind, id))

    def has(self, key: tuple[Kind, str]) -> bool:
        """Whether an object was looked at in this run of the agent."""
        return key in self._newest

    def take(self, *, full: bool = False) -> list[Observation]:
        """What to tell now: what changed, or everything.

        When telling fails, give it back with `put_back`.
        """
        keys = list(self._newest) if full else list(self._untold)
        self._untold.clear()
        self.changed.clear()
        return [self._newest[key] for key in keys]

    def put_back(self, observations: list[Observation]) -> None:
        """A report did not arrive: tell these again, unless something newer was seen since."""
        for observation in observations:
            key = (observation.kind, observation.id)
            if key in self._newest:
                self._untold.add(key)
                self.changed.set()

    def forget(self, kind: Kind, id: str, generation: int) -> None:
        """An absent object was told: drop it, unless something newer was seen since."""
        newest = self._newest.get((kind, id))
        if newest is not None and not newest.present and newest.generation == generation:
            del self._newest[(kind, id)]
            self._untold.discard((kind, id))
