"""Volumes on their way into the image store. In the caller's transaction."""

from dataclasses import dataclass, field

from pilvi.block_storage.model.upload import VolumeUpload
from pilvi.block_storage.model.volume import Action, Volume
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.volumes import admit
from pilvi.block_storage.store import uploads as store
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest
from pilvi.image.model.changes import check_visibility
from pilvi.image.model.image import Image, Visibility
from pilvi.image.operations.images import create_image_record

UPLOAD_WAKE = "volume-upload"
"""Kind of the wake-up that an upload's reconciler answers to."""
FORMATS = ("raw", "qcow2")
# What a volume remembers of the image it was made from that the next image says anew.
_OWN_FACTS = frozenset(
    {
        "image_id",
        "image_name",
        "checksum",
        "container_format",
        "disk_format",
        "min_disk",
        "min_ram",
        "size",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """What the image of a volume is to be."""

    project_id: str
    name: str
    is_admin: bool = False
    """Whether an admin asks, who alone makes public images."""
    disk_format: str = "raw"
    container_format: str = "bare"
    visibility: str = "private"
    protected: bool = False
    force: bool = False
    """Whether the volume may be in use."""
    properties: dict[str, str] = field(default_factory=dict)


async def upload_volume(tx: Transaction, volume: Volume, wanted: NewImage) -> Image:
    """Wish for an image that holds what a volume holds; it is queued until its bytes come.

    Raises `InvalidRequest` for a format that is not served and a volume that is not ready,
    `Forbidden` for a public image unless an admin asks, and `QuotaExceeded`.
    """
    check_visibility(Visibility(wanted.visibility), is_admin=wanted.is_admin)
    if wanted.disk_format not in FORMATS or wanted.container_format != "bare":
        raise InvalidRequest(
            f"cannot upload a volume as {wanted.container_format} {wanted.disk_format}; use "
            f"bare and {' or '.join(FORMATS)}"
        )
    await admit(tx, Action.COPY_ATTACHED if wanted.force else Action.COPY, volume)
    assert volume.host_id is not None
    facts = (await list_metadata(tx, MetadataKind.IMAGE, [volume.id])).get(volume.id, {})
    properties = {name: value for name, value in facts.items() if name not in _OWN_FACTS}
    image = await create_image_record(
        tx,
        owner=wanted.project_id,
        name=wanted.name,
        disk_format=wanted.disk_format,
        container_format=wanted.container_format,
        properties=properties,
        min_disk_gib=volume.current_size_gib,
        visibility=wanted.visibility,
        protected=wanted.protected,
    )
    upload = VolumeUpload(
        image_id=image.id,
        volume_id=volume.id,
        project_id=wanted.project_id,
        disk_format=wanted.disk_format,
        host_id=volume.host_id,
        created_at=now(),
    )
    await store.insert_upload(tx, upload)
    await save_status(tx, volume.id)
    tx.wake(UPLOAD_WAKE, image.id)
    return image
