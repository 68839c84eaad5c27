"""Counts the bytes of a fake host's ports: as many as a test says, at first none."""

from collections import defaultdict
from collections.abc import Mapping

from pilvi.agent.ports.fake import FakePortDriver
from pilvi.agent.ports.names import tap_name
from pilvi.agent.ports.traffic import Traffic


class FakeTraffic:
    """Keeps `TrafficCounter`."""

    def __init__(self, driver: FakePortDriver) -> None:
        self._driver = driver
        self.passed: defaultdict[str, Traffic] = defaultdict(lambda: Traffic(0, 0))
        """By the id of a port."""

    async def read(self) -> Mapping[str, Traffic]:
        """See `TrafficCounter`."""
        return {tap_name(id): self.passed[id] for id in self._driver.ports}
