"""What a new volume can be a copy of. In the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pilvi.block_storage.model.backup import Backup, BackupStatus
from pilvi.block_storage.model.snapshot import SnapshotStatus
from pilvi.block_storage.model.volume import GIB, VolumeStatus
from pilvi.block_storage.store import backups, snapshots, volumes
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest
from pilvi.host_api.volumes import SourceKind, VolumeSource
from pilvi.image.model.image import Image, Status
from pilvi.image.operations.images import get_image, image_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a new volume gets from what it is a copy of."""

    source: VolumeSource | None = None
    size_gib_min: int = 0
    """Size that the copy needs at least; 0: the source says nothing."""
    host_id: str | None = None
    """The only host that can copy it; None: any."""
    volume_type_id: str | None = None
    bootable: bool = False
    image_metadata: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    snapshot_id: str | None = None
    source_volume_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWish:
    """What a volume shall be a copy of: one of these at most."""

    image_id: str | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = None
    backup_id: str | None = None


async def find_origin(tx: Transaction, wish: SourceWish, project_id: str | None) -> Origin:
    """What a copy gets from its source, of those a project (None: anybody) may use.

    Raises `NotFound`, and `InvalidRequest` for two sources or one that is not ready.
    """
    given = [name for name in wish.__slots__ if getattr(wish, name)]
    if len(given) > 1:
        raise InvalidRequest(
            "cannot create a volume from several sources; name a snapshot, a volume, an image or "
            "a backup"
        )
    if wish.image_id:
        return await _from_image(tx, wish.image_id, project_id)
    if wish.snapshot_id:
        return await _from_snapshot(tx, wish.snapshot_id, project_id)
    if wish.source_volume_id:
        return await _from_volume(tx, wish.source_volume_id, project_id)
    if wish.backup_id:
        return await origin_of_backup(tx, await backups.get_backup(tx, wish.backup_id, project_id))
    return Origin()


async def _from_image(tx: Transaction, id: str, project_id: str | None) -> Origin:
    image = await get_image(tx, id, project_id)
    try:
        found = image_source(image)
    except Conflict as error:
        raise InvalidRequest(error.message) from None
    needed = -(-found.virtual_size_bytes // GIB)
    return Origin(
        source=VolumeSource(kind=SourceKind.IMAGE, id=image.id, image=found),
        size_gib_min=max(needed, image.min_disk_gib),
        bootable=True,
        image_metadata=describe_image(image),
    )


def describe_image(image: Image) -> dict[str, str]:
    """What a volume remembers of the image it is a copy of. Pure."""
    assert image.status is Status.ACTIVE
    facts = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_ram_mib,
        "size": image.size_bytes,
    }
    return {**image.properties, **{k: str(v) for k, v in facts.items() if v is not None}}


async def _from_snapshot(tx: Transaction, id: str, project_id: str | None) -> Origin:
    snapshot = await snapshots.get_snapshot(tx, id, project_id)
    if snapshot.status is not SnapshotStatus.AVAILABLE:
        raise InvalidRequest(
            f"cannot create a volume from the snapshot '{id}': its status is {snapshot.status}, it "
            "must be available"
        )
    volume = await volumes.find_volume(tx, snapshot.volume_id)
    image = {} if volume is None else await _image_metadata(tx, volume.id)
    return Origin(
        source=VolumeSource(kind=SourceKind.SNAPSHOT, id=id),
        size_gib_min=snapshot.size_gib,
        host_id=snapshot.host_id,
        volume_type_id=snapshot.volume_type_id,
        bootable=volume is not None and volume.bootable,
        image_metadata=image,
        snapshot_id=id,
    )


async def _from_volume(tx: Transaction, id: str, project_id: str | None) -> Origin:
    volume = await volumes.get_volume(tx, id, project_id)
    if volume.status not in (VolumeStatus.AVAILABLE, VolumeStatus.IN_USE):
        raise InvalidRequest(
            f"cannot create a volume from the volume '{id}': its status is {volume.status}, it "
            "must be available or in-use"
        )
    return Origin(
        source=VolumeSource(kind=SourceKind.VOLUME, id=id),
        size_gib_min=volume.current_size_gib,
        host_id=volume.host_id,
        volume_type_id=volume.volume_type_id,
        bootable=volume.bootable,
        image_metadata=await _image_metadata(tx, id),
        source_volume_id=id,
    )


async def origin_of_backup(tx: Transaction, backup: Backup) -> Origin:
    """What a volume gets from a backup. Raises `InvalidRequest` for one that is not ready."""
    if backup.status not in (BackupStatus.AVAILABLE, BackupStatus.RESTORING):
        raise InvalidRequest(
            f"cannot restore the backup '{backup.id}': its status is {backup.status}, it must be "
            "available"
        )
    chain = [backup.folder]
    step: Backup | None = backup
    while step is not None and step.parent_id is not None:
        step = await backups.get_backup(tx, step.parent_id, None)
        chain.insert(0, step.folder)
    facts = backup.volume_facts
    return Origin(
        source=VolumeSource(kind=SourceKind.BACKUP, id=backup.id, backups=chain),
        size_gib_min=backup.size_gib,
        host_id=backup.host_id,
        bootable=bool(facts.get("bootable")),
        image_metadata=facts.get("image_metadata") or {},
        metadata=facts.get("metadata") or {},
    )


async def _image_metadata(tx: Transaction, volume_id: str) -> dict[str, str]:
    return (await list_metadata(tx, MetadataKind.IMAGE, [volume_id])).get(volume_id, {})
