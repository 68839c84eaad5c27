"""A volume driver whose files and targets are values in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pilvi.agent.volumes.driver import SeenTarget, SeenVolume, fingerprint
from pilvi.errors import NoCapacity, NotFound, Unavailable
from pilvi.host_api.volumes import Export


@dataclass(slots=True)
class FakeVolumeDriver:
    """Keeps the contract of the protocol; one object is one host's disk and service."""

    portal: str = "127.0.0.1:3260"
    capacity_bytes: int = 1 << 50
    capabilities: Sequence[str] = ("COMPUTE_VOLUME_ATTACH", "COMPUTE_VOLUME_EXTEND")
    failures: list[Exception] = field(default_factory=list)
    """What the next makings of a file raise."""
    is_running: bool = False
    _sizes: dict[str, int] = field(default_factory=dict)
    _targets: dict[tuple[str, str], SeenTarget] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Run the service."""
        self.is_running = True

    async def wait_ended(self) -> None:
        """Wait for `end_service`."""
        await self._ended.wait()
        self._ended.clear()

    def end_service(self) -> None:
        """The service ends by itself, as after a crash: every target is gone."""
        self.is_running = False
        self._targets.clear()
        self._ended.set()

    def list_targets(self) -> list[str]:
        """Names of all targets that answer now."""
        return [target.iqn for target in self._targets.values()]

    async def observe(self, volume_id: str) -> SeenVolume:
        """What is kept of one volume."""
        targets = tuple(target for (id, _), target in self._targets.items() if id == volume_id)
        return SeenVolume(self._sizes.get(volume_id), 0, targets)

    async def make_file(self, volume_id: str, size_bytes: int) -> None:
        """Note the size."""
        if self.failures:
            raise self.failures.pop(0)
        if size_bytes > self.capacity_bytes:
            raise NoCapacity(f"cannot keep a volume of {size_bytes} bytes on this host")
        self._sizes[volume_id] = max(size_bytes, self._sizes.get(volume_id, 0))

    async def remove_file(self, volume_id: str) -> None:
        """Forget the size."""
        self._sizes.pop(volume_id, None)

    async def add_target(self, volume_id: str, export: Export) -> None:
        """Note a target."""
        target = SeenTarget(export.iqn, fingerprint(export), self._size_to_serve(volume_id))
        self._targets[(volume_id, export.iqn)] = target

    async def remove_target(self, volume_id: str, iqn: str) -> None:
        """Forget a target."""
        self._targets.pop((volume_id, iqn), None)

    async def close(self) -> None:
        """Nothing is held."""

    def _size_to_serve(self, volume_id: str) -> int:
        if not self.is_running:
            raise Unavailable("cannot reach the iSCSI target service: it does not run")
        size = self._sizes.get(volume_id)
        if size is None:
            raise NotFound(f"cannot find the file of volume {volume_id}")
        return size
