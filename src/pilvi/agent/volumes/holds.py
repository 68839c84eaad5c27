"""One at a time: who changes a volume's targets, and who needs its bytes to stand still."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes.driver import FileKind, FileName, VolumeDriver
from pilvi.core.turns import Turns
from pilvi.errors import NotFound


class VolumeHolds:
    """The volumes whose targets nobody may make for now.

    Held in memory only: after a kill the volumes' reconciler makes the targets again, and a copy
    that was broken off begins anew.
    """

    def __init__(self, driver: VolumeDriver, wake: Callable[[str], None]) -> None:
        self._driver = driver
        self._wake = wake
        self._turns = Turns()

    def is_held(self, volume_id: str) -> bool:
        """Whether somebody needs the volume to stand still, or works on its targets."""
        return self._turns.is_held(volume_id)

    @asynccontextmanager
    async def working(self, volume_id: str) -> AsyncIterator[None]:
        """Work on a volume's file and targets; nobody copies from it meanwhile."""
        async with self._turns.taken(volume_id):
            yield

    async def copy(
        self, volume_id: str, target: FileName, size_bytes: int = 0, generation: int = 1
    ) -> None:
        """Copy a volume as it is at one moment.

        Where a file cannot be copied at once, its targets are ended meanwhile: guests stall and
        go on, without an error, when their targets are back.
        """
        try:
            async with self.working(volume_id):
                size = await self._require(volume_id)
                if not self._driver.contents.copies_at_once:
                    await self._end_targets(volume_id)
                source = FileName(FileKind.VOLUME, volume_id)
                await self._driver.contents.copy_file(
                    source, target, max(size, size_bytes), generation
                )
        finally:
            self._wake(volume_id)

    @asynccontextmanager
    async def reading(self, volume_id: str, copy_id: str) -> AsyncIterator[FileName]:
        """A file with a volume's bytes of one moment: its own where nobody writes, or a copy."""
        copy = FileName(FileKind.COPY, copy_id)
        try:
            async with self.working(volume_id):
                await self._require(volume_id)
                if not (await self._driver.observe(volume_id)).targets:
                    yield FileName(FileKind.VOLUME, volume_id)
                    return
            await self.copy(volume_id, copy)
            yield copy
        finally:
            await self._driver.contents.remove(copy)
            self._wake(volume_id)

    async def _require(self, volume_id: str) -> int:
        seen = await self._driver.observe(volume_id)
        if seen.size_bytes is None:
            message = f"cannot copy the volume {volume_id}: it is not on this host"
            raise HostTerminal(NotFound(message))
        return seen.size_bytes

    async def _end_targets(self, volume_id: str) -> None:
        for target in (await self._driver.observe(volume_id)).targets:
            await self._driver.remove_target(volume_id, target.iqn)
