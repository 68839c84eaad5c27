"""What a caller may do with volumes. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.model.quota import METADATA_ITEMS_MAX
from pilvi.block_storage.model.snapshot import SnapshotStatus
from pilvi.block_storage.model.volume import (
    Action,
    Admission,
    AlreadyDone,
    Denied,
    Volume,
    VolumeId,
    VolumeStatus,
    may,
)
from pilvi.block_storage.model.volume_type import VolumeType
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.sources import Origin, SourceWish, find_origin
from pilvi.block_storage.operations.status import find_work, save_backup_status, save_status
from pilvi.block_storage.operations.volume_types import (
    find_default_of,
    find_usable_type,
    get_type,
)
from pilvi.block_storage.store import attachments, transfers
from pilvi.block_storage.store import volume_metadata as metadata_store
from pilvi.block_storage.store import volumes as store
from pilvi.block_storage.store.snapshots import list_by
from pilvi.block_storage.store.volume_metadata import MetadataKind
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest, NotFound, QuotaExceeded, Unsupported
from pilvi.host_api.volumes import SourceKind, VolumeSource
from pilvi.scheduler import AVAILABILITY_ZONE

WAKE = "volume"
"""Kind of the wake-up that a volume's reconciler answers to."""


async def count_failed(tx: Transaction) -> int:
    """How many volumes are in ERROR: for operators."""
    return await store.count_failed(tx)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVolume:
    """What a new volume is to be."""

    project_id: str
    user_id: str
    size_gib: int | None = None
    """None: as large as its source."""
    name: str | None = None
    description: str | None = None
    volume_type: str | None = None
    """Name or id; None is the source's type, or the default type."""
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: SourceWish = field(default_factory=SourceWish)
    """What it is a copy of; nothing: it reads as zeros."""
    may_use_all: bool = False
    """Whether the source may be another project's (admins)."""
    group_id: str | None = None


async def create_volume(tx: Transaction, wanted: NewVolume) -> Volume:
    """Wish for a volume of zeros, or for a copy of a source.

    Servers may be given it at once (`reserve_attachment` with `may_wait`): its target answers when
    the copy is whole. Raises `QuotaExceeded`, `NotFound` for an unknown source or type, and
    `InvalidRequest` for an unknown availability zone, a source that is not ready or larger.
    """
    if wanted.availability_zone not in (None, AVAILABILITY_ZONE):
        raise InvalidRequest(
            f"cannot find the availability zone '{wanted.availability_zone}'; "
            f"there is '{AVAILABILITY_ZONE}'"
        )
    owner = None if wanted.may_use_all else wanted.project_id
    origin = await find_origin(tx, wanted.source, owner)
    size_gib = _choose_size(wanted, origin)
    volume_type = await _choose_type(tx, wanted, origin)
    await check_room(
        tx,
        wanted.project_id,
        size_gib=size_gib,
        volume_type=volume_type.name,
        volumes=1,
        gigabytes=size_gib,
    )
    volume = _make_volume(wanted, origin, size_gib, volume_type)
    await store.insert_volume(tx, volume)
    await save_metadata(tx, volume, MetadataKind.USER, {**origin.metadata, **wanted.metadata})
    await metadata_store.replace_metadata(tx, MetadataKind.IMAGE, volume.id, origin.image_metadata)
    if wanted.source.backup_id:
        await save_backup_status(tx, wanted.source.backup_id)
    tx.wake(WAKE, volume.id)
    return volume


def _choose_size(wanted: NewVolume, origin: Origin) -> int:
    if wanted.size_gib is None:
        if wanted.source.image_id or not origin.size_gib_min:
            raise InvalidRequest("cannot create a volume without a size: say how many GiB")
        return origin.size_gib_min
    if wanted.size_gib < origin.size_gib_min:
        raise InvalidRequest(
            f"cannot create a volume of {wanted.size_gib} GiB from this source: it needs "
            f"{origin.size_gib_min} GiB"
        )
    return wanted.size_gib


async def _choose_type(tx: Transaction, wanted: NewVolume, origin: Origin) -> VolumeType:
    if wanted.volume_type:
        found = await find_usable_type(tx, wanted.volume_type, wanted.project_id)
    elif origin.volume_type_id is not None:
        found = await get_type(tx, origin.volume_type_id, None)
    else:
        found = await find_default_of(tx, wanted.project_id)
    if found.encryption is not None:
        raise Unsupported(
            f"cannot create a volume of the type '{found.name}': it asks for encryption, which "
            "this cloud does not have yet; choose another type"
        )
    return found


def _make_volume(
    wanted: NewVolume, origin: Origin, size_gib: int, volume_type: VolumeType
) -> Volume:
    moment = now()
    return Volume(
        id=VolumeId(str(uuid.uuid4())),
        project_id=wanted.project_id,
        user_id=wanted.user_id,
        name=wanted.name,
        description=wanted.description,
        size_gib=size_gib,
        volume_type_id=volume_type.id,
        availability_zone=AVAILABILITY_ZONE,
        bootable=origin.bootable,
        multiattach=volume_type.is_multiattach,
        group_id=wanted.group_id,
        snapshot_id=origin.snapshot_id,
        source_volume_id=origin.source_volume_id,
        source=origin.source,
        present=True,
        generation=1,
        desired_at=moment,
        created_at=moment,
        updated_at=None,
        host_id=origin.host_id,
        seen_size_gib=None,
        error="",
        failed=False,
        status=VolumeStatus.CREATING,
    )


async def get_volume(tx: Transaction, id: str, project_id: str | None) -> Volume:
    """One volume of a project (None: of any). Raises `NotFound`."""
    return await store.get_volume(tx, id, project_id)


async def admission(tx: Transaction, action: Action, volume: Volume) -> Admission:
    """Whether an action is legal now."""
    held = (await attachments.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    return may(action, volume, held, await find_work(tx, volume.id))


async def admit(tx: Transaction, action: Action, volume: Volume) -> bool:
    """Whether an action has something to do. Raises `InvalidRequest` when it is not legal.

    Cinder answers 400 to what the status forbids (InvalidVolume), not 409.
    """
    found = await admission(tx, action, volume)
    if isinstance(found, Denied):
        raise InvalidRequest(found.reason)
    return not isinstance(found, AlreadyDone)


async def update_volume(tx: Transaction, volume: Volume, **values: Any) -> Volume:
    """Change what a volume is called, or another column that no host cares about."""
    if values:
        await store.update_volume(tx, volume.id, updated_at=now(), **values)
    return await store.get_volume(tx, volume.id, None)


async def delete_volume(tx: Transaction, volume: Volume, *, with_snapshots: bool = False) -> None:
    """Wish a volume away with all its bytes.

    Raises `InvalidRequest` while a server has it, it has snapshots, or a copy of it is made.
    """
    if not await admit(tx, Action.DELETE, volume):
        return
    taken = await list_by(tx, volume_id=volume.id, project_id=volume.project_id)
    if taken and not with_snapshots:
        raise InvalidRequest(
            f"cannot delete the volume '{volume.id}': it has snapshots; delete them first, or ask "
            "for a cascade"
        )
    if volume.group_id is not None:
        raise InvalidRequest(
            f"cannot delete the volume '{volume.id}': it is part of the group {volume.group_id}; "
            "take it out first"
        )
    await check_not_copied(tx, "volume", volume.id)
    await desire_volume(tx, volume, present=False)


async def check_not_copied(tx: Transaction, kind: str, id: str) -> None:
    """Raises `InvalidRequest` while volumes are being made from something."""
    if found := await store.list_unfilled(tx, id):
        raise InvalidRequest(
            f"cannot delete the {kind} '{id}': the volume {found[0]} is being made from it; wait "
            "until that is available"
        )


async def force_delete_volume(tx: Transaction, volume: Volume, *, keep_group: bool = False) -> None:
    """Wish a volume away whatever its status; a server that has it loses it."""
    for attachment in (await attachments.list_of_volumes(tx, [volume.id])).get(volume.id, []):
        await attachments.update_attachment(tx, attachment.id, present=False)
    offered = await transfers.find_transfer(tx, volume_id=volume.id)
    if offered is not None:
        await transfers.delete_transfer(tx, offered.id)
    group_id = volume.group_id if keep_group else None
    await desire_volume(tx, volume, present=False, marked_status=None, group_id=group_id)


async def extend_volume(
    tx: Transaction, volume: Volume, size_gib: int, *, may_be_attached: bool = False
) -> None:
    """Wish a volume larger. Raises `InvalidRequest` and `QuotaExceeded`.

    A guest that has it sees the new size without a reboot.
    """
    await admit(tx, Action.EXTEND_ATTACHED if may_be_attached else Action.EXTEND, volume)
    current = volume.current_size_gib
    if size_gib <= current:
        raise InvalidRequest(
            f"cannot extend the volume '{volume.id}' to {size_gib} GiB: it has {current} already"
        )
    volume_type = await get_type(tx, volume.volume_type_id, None)
    await check_room(
        tx,
        volume.project_id,
        size_gib=size_gib,
        volume_type=volume_type.name,
        gigabytes=size_gib - volume.size_gib,
    )
    await desire_volume(tx, volume, size_gib=size_gib)


async def set_read_only(tx: Transaction, volume: Volume, read_only: bool) -> None:
    """Let servers that attach a volume from now on only read it. Raises `InvalidRequest`."""
    await admit(tx, Action.SET_READ_ONLY, volume)
    await update_volume(tx, volume, is_read_only=read_only)


async def retype_volume(tx: Transaction, volume: Volume, volume_type: str) -> None:
    """Give a volume another type; its bytes stay where they are. Raises `InvalidRequest`."""
    await admit(tx, Action.RETYPE, volume)
    found = await find_usable_type(tx, volume_type, volume.project_id)
    if found.id == volume.volume_type_id:
        raise InvalidRequest(f"cannot retype the volume '{volume.id}': it has this type already")
    if found.encryption is not None:
        raise Unsupported("cannot retype to an encrypted type: this cloud does not encrypt yet")
    if found.is_multiattach != volume.multiattach and volume.status is not VolumeStatus.AVAILABLE:
        raise InvalidRequest(
            f"cannot change whether servers share the volume '{volume.id}': detach it first"
        )
    await update_volume(tx, volume, volume_type_id=found.id, multiattach=found.is_multiattach)


async def revert_volume(tx: Transaction, volume: Volume, snapshot_id: str) -> None:
    """Give a volume the content of its newest snapshot again. Raises `InvalidRequest`."""
    await admit(tx, Action.REVERT, volume)
    # Snapshots that stayed behind when the volume changed hands are not its new owner's to read.
    taken = await list_by(tx, volume_id=volume.id, project_id=volume.project_id)
    if not any(one.id == snapshot_id for one in taken):
        raise NotFound(f"cannot find the snapshot '{snapshot_id}' of this volume")
    if taken[0].id != snapshot_id:
        raise InvalidRequest(
            f"cannot revert to the snapshot '{snapshot_id}': only to the newest, '{taken[0].id}'"
        )
    if taken[0].status is not SnapshotStatus.AVAILABLE:
        raise InvalidRequest(
            f"cannot revert to the snapshot '{snapshot_id}': its status is {taken[0].status}"
        )
    await replace_content(tx, volume, VolumeSource(kind=SourceKind.SNAPSHOT, id=snapshot_id))


async def reimage_volume(
    tx: Transaction, volume: Volume, image_id: str, project_id: str | None
) -> None:
    """Write an image over a volume. Raises `InvalidRequest`, `NotFound`."""
    await admit(tx, Action.REIMAGE, volume)
    origin = await find_origin(tx, SourceWish(image_id=image_id), project_id)
    check_image_fits(volume, origin.size_gib_min)
    assert origin.source is not None
    await metadata_store.replace_metadata(tx, MetadataKind.IMAGE, volume.id, origin.image_metadata)
    await replace_content(tx, volume, origin.source, bootable=True)


async def rewrite_volume(tx: Transaction, volume_id: str, image_id: str) -> int:
    """Write an image over a volume whose server is off; the generation of the new content.

    Raises `NotFound` and `InvalidRequest` when one of them is gone or they do not fit.
    """
    volume = await store.get_volume(tx, volume_id, None)
    origin = await find_origin(tx, SourceWish(image_id=image_id), None)
    check_image_fits(volume, origin.size_gib_min)
    assert origin.source is not None
    await metadata_store.replace_metadata(tx, MetadataKind.IMAGE, volume.id, origin.image_metadata)
    await replace_content(tx, volume, origin.source, bootable=True)
    return volume.content_generation + 1


async def find_image_id(tx: Transaction, volume: Volume) -> str | None:
    """The image that a volume says it is a copy of."""
    found = await metadata_store.list_metadata(tx, MetadataKind.IMAGE, [volume.id])
    return found.get(volume.id, {}).get("image_id")


def check_image_fits(volume: Volume, needed_gib: int) -> None:
    """Raise `InvalidRequest` for an image larger than a volume. Pure."""
    if needed_gib > volume.size_gib:
        raise InvalidRequest(
            f"cannot write the image to the volume '{volume.id}': it needs {needed_gib} GiB"
        )


async def replace_content(
    tx: Transaction, volume: Volume, source: VolumeSource, **values: Any
) -> None:
    """Wish for all bytes of a volume to be a source's."""
    generation = volume.content_generation + 1
    await desire_volume(tx, volume, source=source, content_generation=generation, **values)


async def mark_status(tx: Transaction, volume: Volume, wanted: VolumeStatus) -> None:
    """Say as an admin what a volume's status is.

    What follows from what is seen (available, in-use) takes such a mark away, forgets failures and
    tries anew; a size that could not be reached is given up; a deletion goes on.
    """
    mark = None if wanted in (VolumeStatus.AVAILABLE, VolumeStatus.IN_USE) else wanted
    await desire_volume(tx, volume, marked_status=mark, size_gib=volume.current_size_gib)


async def save_metadata(
    tx: Transaction, volume: Volume, kind: MetadataKind, wanted: Mapping[str, str]
) -> None:
    """Give a volume exactly this metadata. Raises `QuotaExceeded` for too much of it."""
    if len(wanted) > METADATA_ITEMS_MAX:
        raise QuotaExceeded(f"cannot keep more than {METADATA_ITEMS_MAX} metadata items a volume")
    await metadata_store.replace_metadata(tx, kind, volume.id, wanted)


async def desire_volume(tx: Transaction, volume: Volume, **values: Any) -> None:
    """Change what is wished; failures of an older wish do not count any more."""
    moment = now()
    await store.update_volume(
        tx,
        volume.id,
        generation=volume.generation + 1,
        desired_at=moment,
        updated_at=moment,
        error="",
        failed=False,
        **values,
    )
    await save_status(tx, volume.id)
    tx.wake(WAKE, volume.id)
