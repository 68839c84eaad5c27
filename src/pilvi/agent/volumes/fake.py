"""A volume driver whose files and targets are values in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pilvi.agent.volumes.driver import (
    FileKind,
    FileName,
    SeenTarget,
    SeenVolume,
    fingerprint,
)
from pilvi.agent.volumes.fake_contents import FakeContents, FakeFile
from pilvi.agent.volumes.fake_holdings import list_holdings
from pilvi.errors import NoCapacity, NotFound, Unavailable
from pilvi.host_api.holdings import Holding
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
    contents: FakeContents = field(default_factory=FakeContents)
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

    def answers_to(self, account: str) -> bool:
        """Whether a target lets in who has the account of an export with this fingerprint."""
        return any(target.fingerprint == account for target in self._targets.values())

    async def observe(self, volume_id: str) -> SeenVolume:
        """What is kept of one volume."""
        targets = tuple(target for (id, _), target in self._targets.items() if id == volume_id)
        found = self.contents.files.get(_name(volume_id))
        if found is None:
            return SeenVolume(None, 0, targets)
        return SeenVolume(found.size_bytes, 0, targets, found.generation)

    async def make_file(self, volume_id: str, size_bytes: int) -> None:
        """Note the size."""
        if self.failures:
            raise self.failures.pop(0)
        if size_bytes > self.capacity_bytes:
            raise NoCapacity(f"cannot keep a volume of {size_bytes} bytes on this host")
        found = self.contents.files.setdefault(_name(volume_id), FakeFile(size_bytes))
        found.size_bytes = max(size_bytes, found.size_bytes)

    async def remove_file(self, volume_id: str) -> None:
        """Forget the file."""
        await self.contents.remove(_name(volume_id))

    async def add_target(self, volume_id: str, export: Export) -> None:
        """Note a target."""
        found = self._file_to_serve(volume_id)
        target = SeenTarget(export.iqn, fingerprint(export), found.size_bytes, found.generation)
        self._targets[(volume_id, export.iqn)] = target

    async def remove_target(self, volume_id: str, iqn: str) -> None:
        """Forget a target."""
        self._targets.pop((volume_id, iqn), None)

    async def holdings(self) -> list[Holding]:
        """Everything that is kept."""
        targets = [(volume_id, target) for (volume_id, _), target in self._targets.items()]
        return list_holdings(self.contents.files, targets)

    async def close(self) -> None:
        """Nothing is held."""

    def _file_to_serve(self, volume_id: str) -> FakeFile:
        if not self.is_running:
            raise Unavailable("cannot reach the iSCSI target service: it does not run")
        found = self.contents.files.get(_name(volume_id))
        if found is None:
            raise NotFound(f"cannot find the file of volume {volume_id}")
        return found


def _name(volume_id: str) -> FileName:
    return FileName(FileKind.VOLUME, volume_id)
