"""What a caller may do with volumes. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.model.quota import METADATA_ITEMS_MAX
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
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.volume_types import ensure_default_type, find_usable_type
from pilvi.block_storage.store import attachments
from pilvi.block_storage.store import volume_metadata as metadata_store
from pilvi.block_storage.store import volumes as store
from pilvi.block_storage.store.volume_metadata import MetadataKind
from pilvi.core.db import Transaction, now
from pilvi.errors import InvalidRequest, QuotaExceeded
from pilvi.scheduler import AVAILABILITY_ZONE

WAKE = "volume"
"""Kind of the wake-up that a volume's reconciler answers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVolume:
    """What a new volume is to be."""

    project_id: str
    user_id: str
    size_gib: int
    name: str | None = None
    description: str | None = None
    volume_type: str | None = None
    """Name or id; None is the default type."""
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


async def create_volume(tx: Transaction, wanted: NewVolume) -> Volume:
    """Wish for a volume of zeros.

    Raises `QuotaExceeded`, and `InvalidRequest` for an unknown type or availability zone.
    """
    if wanted.availability_zone not in (None, AVAILABILITY_ZONE):
        raise InvalidRequest(
            f"cannot find the availability zone '{wanted.availability_zone}'; "
            f"there is '{AVAILABILITY_ZONE}'"
        )
    if wanted.volume_type:
        volume_type = await find_usable_type(tx, wanted.volume_type, wanted.project_id)
    else:
        volume_type = await ensure_default_type(tx)
    await check_room(tx, wanted.project_id, volumes=1, gigabytes=wanted.size_gib)
    moment = now()
    volume = Volume(
        id=VolumeId(str(uuid.uuid4())),
        project_id=wanted.project_id,
        user_id=wanted.user_id,
        name=wanted.name,
        description=wanted.description,
        size_gib=wanted.size_gib,
        volume_type_id=volume_type.id,
        availability_zone=AVAILABILITY_ZONE,
        bootable=False,
        read_only=False,
        present=True,
        is_marked_error=False,
        generation=1,
        desired_at=moment,
        created_at=moment,
        updated_at=None,
        host_id=None,
        seen_size_gib=None,
        error="",
        failed=False,
        status=VolumeStatus.CREATING,
    )
    await store.insert_volume(tx, volume)
    await save_metadata(tx, volume, MetadataKind.USER, wanted.metadata)
    tx.wake(WAKE, volume.id)
    return volume


async def get_volume(tx: Transaction, id: str, project_id: str | None) -> Volume:
    """One volume of a project (None: of any). Raises `NotFound`."""
    return await store.get_volume(tx, id, project_id)


async def admission(tx: Transaction, action: Action, volume: Volume) -> Admission:
    """Whether an action is legal now."""
    held = (await attachments.list_of_volumes(tx, [volume.id])).get(volume.id, [])
    return may(action, volume, held)


async def _admit(tx: Transaction, action: Action, volume: Volume) -> bool:
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


async def delete_volume(tx: Transaction, volume: Volume) -> None:
    """Wish a volume away with all its bytes. Raises `InvalidRequest` while a server has it."""
    if await _admit(tx, Action.DELETE, volume):
        await _desire(tx, volume, present=False)


async def force_delete_volume(tx: Transaction, volume: Volume) -> None:
    """Wish a volume away whatever its status; a server that has it loses it."""
    for attachment in (await attachments.list_of_volumes(tx, [volume.id])).get(volume.id, []):
        await attachments.update_attachment(tx, attachment.id, present=False)
    await _desire(tx, volume, present=False)


async def extend_volume(tx: Transaction, volume: Volume, size_gib: int) -> None:
    """Wish a volume larger. Raises `InvalidRequest` and `QuotaExceeded`."""
    await _admit(tx, Action.EXTEND, volume)
    current = volume.current_size_gib
    if size_gib <= current:
        raise InvalidRequest(
            f"cannot extend the volume '{volume.id}' to {size_gib} GiB: it has {current} already"
        )
    more = size_gib - volume.size_gib
    await check_room(tx, volume.project_id, gigabytes=more, size_gib=size_gib)
    await _desire(tx, volume, size_gib=size_gib)


async def set_read_only(tx: Transaction, volume: Volume, read_only: bool) -> None:
    """Let servers that attach a volume from now on only read it. Raises `InvalidRequest`."""
    await _admit(tx, Action.SET_READ_ONLY, volume)
    await update_volume(tx, volume, read_only=read_only)


async def retype_volume(tx: Transaction, volume: Volume, volume_type: str) -> None:
    """Give a volume another type; its bytes stay where they are. Raises `InvalidRequest`."""
    await _admit(tx, Action.RETYPE, volume)
    found = await find_usable_type(tx, volume_type, volume.project_id)
    await update_volume(tx, volume, volume_type_id=found.id)


async def mark_error(tx: Transaction, volume: Volume) -> None:
    """Say as an admin that a volume is not to be used."""
    await _desire(tx, volume, is_marked_error=True)


async def retry_volume(tx: Transaction, volume: Volume) -> None:
    """Take an admin's mark away, forget failures and try anew.

    A size that could not be reached is given up; a deletion goes on.
    """
    await _desire(tx, volume, is_marked_error=False, size_gib=volume.current_size_gib)


async def save_metadata(
    tx: Transaction, volume: Volume, kind: MetadataKind, wanted: Mapping[str, str]
) -> None:
    """Give a volume exactly this metadata. Raises `QuotaExceeded` for too much of it."""
    if len(wanted) > METADATA_ITEMS_MAX:
        raise QuotaExceeded(f"cannot keep more than {METADATA_ITEMS_MAX} metadata items a volume")
    await metadata_store.replace_metadata(tx, kind, volume.id, wanted)


async def _desire(tx: Transaction, volume: Volume, **values: Any) -> None:
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
