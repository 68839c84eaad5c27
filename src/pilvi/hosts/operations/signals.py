"""Shortens a host's wait for news; nothing depends on it."""

import asyncio


class HostSignals:
    """Who waits for news of which host, in this process."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def announce(self, host_id: str) -> None:
        """Something changed for a host."""
        event = self._events.pop(host_id, None)
        if event is not None:
            event.set()

    def subscribe(self, host_id: str) -> asyncio.Event:
        """An event that the next announcement sets. Subscribe first, then read."""
        return self._events.setdefault(host_id, asyncio.Event())
