"""Volumes and snapshots as other services show them. In the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.model.snapshot import Snapshot
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.store import attachments, snapshots, volume_types, volumes
from pilvi.block_storage.store.snapshots import SnapshotFilter
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.block_storage.store.volumes import VolumeFilter
from pilvi.core.db import Transaction
from pilvi.core.paging import Page

_HELD = (AttachmentState.ATTACHED, AttachmentState.DETACHING)


@dataclass(frozen=True, slots=True)
class VolumeOverview:
    """A volume and what is kept beside it."""

    volume: Volume
    type_name: str
    metadata: dict[str, str]
    held_by: Sequence[Attachment]
    """The attachments of servers that have it."""


async def list_volume_overviews(
    tx: Transaction, project_id: str | None, page: Page, offset: int
) -> list[VolumeOverview]:
    """One page of a project's volumes (None: everybody's)."""
    found, _ = await volumes.list_volumes(tx, VolumeFilter(project_id=project_id), page, offset)
    return await _overlook(tx, found)


async def get_volume_overview(tx: Transaction, project_id: str | None, id: str) -> VolumeOverview:
    """One volume that a project may see. Raises `NotFound`."""
    (found,) = await _overlook(tx, [await volumes.get_volume(tx, id, project_id)])
    return found


async def list_snapshots(
    tx: Transaction, project_id: str | None, page: Page, offset: int
) -> list[Snapshot]:
    """One page of a project's snapshots (None: everybody's)."""
    wanted = SnapshotFilter(equal={} if project_id is None else {"project_id": project_id})
    found, _ = await snapshots.list_snapshots(tx, wanted, page, offset)
    return found


async def _overlook(tx: Transaction, found: Sequence[Volume]) -> list[VolumeOverview]:
    ids = [volume.id for volume in found]
    held = await attachments.list_of_volumes(tx, ids)
    metadata = await list_metadata(tx, MetadataKind.USER, ids)
    types = await volume_types.list_names(tx)
    return [
        VolumeOverview(
            volume,
            types[volume.volume_type_id],
            metadata.get(volume.id, {}),
            [one for one in held.get(volume.id, ()) if one.state in _HELD and one.server_id],
        )
        for volume in found
    ]
