"""Gives a volume the bytes of its source."""

from pilvi.agent.context import ImageTransfer
from pilvi.agent.faults import HostTerminal
from pilvi.agent.volumes.backups import BackupStore
from pilvi.agent.volumes.driver import ContentDriver, FileKind, FileName
from pilvi.agent.volumes.holds import VolumeHolds
from pilvi.agent.volumes.plan import FillFile
from pilvi.errors import InvalidRequest, NotFound, TooLarge
from pilvi.host_api.volumes import SourceKind, VolumeSource


class VolumeFiller:
    """Copies from images, snapshots, volumes and backups."""

    def __init__(
        self,
        contents: ContentDriver,
        holds: VolumeHolds,
        backups: BackupStore,
        images: ImageTransfer,
    ) -> None:
        self._contents = contents
        self._holds = holds
        self._backups = backups
        self._images = images

    async def fill(self, volume_id: str, step: FillFile) -> None:
        """Make a volume's file. Repeatable.

        Raises `HostTerminal` when the source is gone or does not fit.
        """
        try:
            await self._fill(FileName(FileKind.VOLUME, volume_id), step)
        except (NotFound, InvalidRequest, TooLarge) as error:
            raise HostTerminal(error) from error

    async def _fill(self, target: FileName, step: FillFile) -> None:
        source, size, generation = step.source, step.size_bytes, step.generation
        match source.kind:
            case SourceKind.VOLUME:
                await self._holds.copy(source.id, target, size, generation)
            case SourceKind.SNAPSHOT:
                name = FileName(FileKind.SNAPSHOT, source.id)
                await self._contents.copy_file(name, target, size, generation)
            case SourceKind.IMAGE:
                image = source.image
                assert image is not None
                pieces = self._images.fetch(image.image_id)
                await self._contents.copy_image(image, pieces, target, size, generation)
            case SourceKind.BACKUP:
                await self._restore(source, target, size, generation)

    async def _restore(
        self, source: VolumeSource, target: FileName, size: int, generation: int
    ) -> None:
        if await self._backups.size_of(source.backups[-1]) > size:
            raise InvalidRequest("cannot restore the backup: the volume is smaller")
        blocks = self._backups.read(source.backups)
        await self._contents.write_blocks(blocks, target, size, generation)
