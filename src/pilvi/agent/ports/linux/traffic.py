"""Counts the bytes of guests' ports, as the kernel does at their taps."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.names import TAP_PREFIX
from pilvi.agent.ports.traffic import Traffic

# Of the namespace that the reading thread is in; sysfs would have to be mounted anew for it.
_COUNTERS = Path("/proc/thread-self/net/dev")


class LinuxTraffic:
    """Keeps `TrafficCounter`."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    async def read(self) -> Mapping[str, Traffic]:
        """See `TrafficCounter`."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Mapping[str, Traffic]:
        if not namespaces.exists(self._namespace):
            return {}
        with namespaces.inside(self._namespace):
            text = _COUNTERS.read_text()
        return parse_counters(text)


def parse_counters(text: str) -> Mapping[str, Traffic]:
    """The taps of `/proc/net/dev`: what a tap received, its guest has sent. Pure."""
    found = {}
    for line in text.splitlines()[2:]:
        name, _, numbers = line.partition(":")
        if (name := name.strip()).startswith(TAP_PREFIX):
            # Eight columns each of what was received and what was sent; bytes come first.
            fields = numbers.split()
            found[name] = Traffic(received=int(fields[8]), sent=int(fields[0]))
    return found
