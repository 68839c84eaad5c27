"""Shortens a host's wait for news; nothing depends on it."""

import asyncio

HOST_WAKE = "host"
"""Kind of the wake-up that a long poll of a host waits for."""


class HostSignals:
    """Who waits for news of which host, in this process."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def announce(self, host_id: str) -> None:
        """Something changed for a host."""
        event = self._events.pop(host_id, None)
        if event is not None:
            event.set()

    def announce_all(self) -> None:
        """Something may have changed for every host."""
        for host_id in list(self._events):
            self.announce(host_id)

    def subscribe(self, host_id: str) -> asyncio.Event:
        """An event that the next announcement sets. Subscribe first, then read."""
        return self._events.setdefault(host_id, asyncio.Event())
