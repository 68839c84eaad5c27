"""What a caller may do with groups, their types and snapshots. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.block_storage.model.group import Group, GroupSnapshot, GroupType
from pilvi.block_storage.model.volume import Volume, VolumeStatus
from pilvi.block_storage.operations.quotas import check_room
from pilvi.block_storage.operations.snapshots import NewSnapshot, create_snapshot, drop_snapshot
from pilvi.block_storage.operations.sources import SourceWish
from pilvi.block_storage.operations.volume_types import find_usable_type
from pilvi.block_storage.operations.volumes import (
    NewVolume,
    create_volume,
    force_delete_volume,
    update_volume,
)
from pilvi.block_storage.store import groups as store
from pilvi.block_storage.store import snapshots, volumes
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.scheduler import AVAILABILITY_ZONE

GROUP_WAKE = "volume-group"
"""Kind of the wake-up that a group's reconciler answers to."""
GROUP_SNAPSHOT_WAKE = "volume-group-snapshot"
"""Kind of the wake-up that the reconciler of a group's snapshot answers to."""


async def create_group_type(
    tx: Transaction,
    name: str,
    *,
    description: str | None,
    is_public: bool,
    group_specs: Mapping[str, str],
) -> GroupType:
    """A new type. Raises `Conflict` when the name is taken."""
    if await store.list_group_types(tx, name=name):
        raise Conflict(f"cannot name the group type '{name}': the name is taken")
    group_type = GroupType(
        id=str(uuid.uuid4()),
        name=name,
        description=description,
        is_public=is_public,
        group_specs=dict(group_specs),
        created_at=now(),
    )
    await store.insert_group_type(tx, group_type)
    return group_type


async def get_group_type(tx: Transaction, named: str, *, may_use_all: bool = True) -> GroupType:
    """The type of that id or name. Raises `NotFound`."""
    found = await store.list_group_types(tx, id=named) or await store.list_group_types(
        tx, name=named
    )
    if not found or not (found[0].is_public or may_use_all):
        raise NotFound(f"cannot find the group type '{named}'")
    return found[0]


async def update_group_type(tx: Transaction, group_type: GroupType, **values: Any) -> GroupType:
    """Change a type. Raises `Conflict` when the new name is taken."""
    name = values.get("name", group_type.name)
    if name != group_type.name and await store.list_group_types(tx, name=name):
        raise Conflict(f"cannot name the group type '{name}': the name is taken")
    await store.update_group_type(tx, group_type.id, updated_at=now(), **values)
    return await get_group_type(tx, group_type.id)


async def delete_group_type(tx: Transaction, group_type: GroupType) -> None:
    """Remove a type. Raises `InvalidRequest` while groups are of it."""
    if await store.count_of_type(tx, group_type.id):
        raise InvalidRequest(
            f"cannot delete the group type '{group_type.name}': groups are of it; delete those"
        )
    await store.delete_group_type(tx, group_type.id)


async def create_group(  # noqa: PLR0913  # a group has that many parts
    tx: Transaction,
    *,
    project_id: str,
    user_id: str,
    name: str | None,
    description: str | None,
    group_type: GroupType,
    volume_types: Sequence[str],
    availability_zone: str | None,
) -> Group:
    """A new, empty group for volumes of these types. Raises `InvalidRequest`, `NotFound`."""
    if availability_zone not in (None, AVAILABILITY_ZONE):
        raise InvalidRequest(f"cannot find the availability zone '{availability_zone}'")
    found = [await find_usable_type(tx, named, project_id) for named in volume_types]
    if not found:
        raise InvalidRequest("cannot create a group without volume types; name one at least")
    await check_room(tx, project_id, groups=1)
    group = Group(
        id=str(uuid.uuid4()),
        project_id=project_id,
        user_id=user_id,
        name=name,
        description=description,
        group_type_id=group_type.id,
        volume_type_ids=[str(one.id) for one in found],
        availability_zone=AVAILABILITY_ZONE,
        created_at=now(),
    )
    await store.insert_group(tx, group)
    return group


async def create_group_from(  # noqa: PLR0913  # a group has that many parts
    tx: Transaction,
    *,
    project_id: str,
    user_id: str,
    name: str | None,
    description: str | None,
    snapshot: GroupSnapshot | None,
    source: Group | None,
) -> Group:
    """A new group with a copy of each volume of a group, or of each part of its snapshot."""
    origin = source
    if snapshot is not None:
        origin = await store.get_group(tx, snapshot.group_id, None)
    assert origin is not None
    wishes = await _list_parts(tx, snapshot, origin)
    if not wishes:
        raise InvalidRequest("cannot create a group from an empty one: it has no volumes")
    await check_room(tx, project_id, groups=1)
    group = Group(
        id=str(uuid.uuid4()),
        project_id=project_id,
        user_id=user_id,
        name=name,
        description=description,
        group_type_id=origin.group_type_id,
        volume_type_ids=origin.volume_type_ids,
        availability_zone=AVAILABILITY_ZONE,
        group_snapshot_id=None if snapshot is None else snapshot.id,
        source_group_id=None if source is None else source.id,
        created_at=now(),
    )
    await store.insert_group(tx, group)
    for part_name, wish in wishes:
        await create_volume(
            tx,
            NewVolume(
                project_id=project_id,
                user_id=user_id,
                name=part_name,
                source=wish,
                group_id=group.id,
            ),
        )
    return group


async def _list_parts(
    tx: Transaction, snapshot: GroupSnapshot | None, origin: Group
) -> list[tuple[str | None, SourceWish]]:
    if snapshot is None:
        found = await volumes.list_by_group(tx, origin.id)
        return [(one.name, SourceWish(source_volume_id=one.id)) for one in found]
    taken = await snapshots.list_by(tx, group_snapshot_id=snapshot.id)
    return [(one.name, SourceWish(snapshot_id=one.id)) for one in taken]


async def update_group(
    tx: Transaction,
    group: Group,
    *,
    add: Sequence[str],
    remove: Sequence[str],
    **values: Any,
) -> None:
    """Change what a group is called and what belongs to it. Raises `InvalidRequest`."""
    for id in remove:
        volume = await volumes.find_volume(tx, id, group.project_id)
        if volume is None or volume.group_id != group.id:
            raise InvalidRequest(f"cannot take the volume '{id}' out: it is not in the group")
        await update_volume(tx, volume, group_id=None)
    for id in add:
        volume = await volumes.find_volume(tx, id, group.project_id)
        if volume is None:
            raise InvalidRequest(f"cannot find the volume '{id}' to add to the group")
        await _add(tx, group, volume)
    if values:
        await store.update_group(tx, group.id, **values)


async def _add(tx: Transaction, group: Group, volume: Volume) -> None:
    if volume.group_id is not None:
        raise InvalidRequest(f"cannot add the volume '{volume.id}': it is in a group already")
    if volume.volume_type_id not in group.volume_type_ids:
        raise InvalidRequest(f"cannot add the volume '{volume.id}': the group lacks its type")
    if volume.status not in (VolumeStatus.AVAILABLE, VolumeStatus.IN_USE):
        raise InvalidRequest(
            f"cannot add the volume '{volume.id}': its status is {volume.status}, it must be "
            "available or in-use"
        )
    await update_volume(tx, volume, group_id=group.id)


async def delete_group(tx: Transaction, group: Group, *, delete_volumes: bool) -> None:
    """Wish a group away, with its volumes when asked so. Raises `InvalidRequest`."""
    if await store.count_group_snapshots(tx, group.id):
        raise InvalidRequest(f"cannot delete the group '{group.id}': it has snapshots; delete them")
    found = await volumes.list_by_group(tx, group.id)
    if found and not delete_volumes:
        raise InvalidRequest(
            f"cannot delete the group '{group.id}': it has volumes; set delete-volumes, or take "
            "them out"
        )
    for volume in found:
        if await snapshots.list_by(tx, volume_id=volume.id):
            raise InvalidRequest(
                f"cannot delete the group '{group.id}': its volume {volume.id} has snapshots"
            )
        if volume.status is VolumeStatus.IN_USE:
            raise InvalidRequest(
                f"cannot delete the group '{group.id}': a server has its volume {volume.id}"
            )
    await store.update_group(tx, group.id, present=False, marked_status=None)
    for volume in found:
        await force_delete_volume(tx, volume, keep_group=True)
    tx.wake(GROUP_WAKE, group.id)


async def create_group_snapshot(
    tx: Transaction, group: Group, *, user_id: str, name: str | None, description: str | None
) -> GroupSnapshot:
    """Wish for snapshots of all volumes of a group. Raises `InvalidRequest`, `QuotaExceeded`."""
    found = await volumes.list_by_group(tx, group.id)
    if not found:
        raise InvalidRequest(f"cannot snapshot the group '{group.id}': it has no volumes")
    snapshot = GroupSnapshot(
        id=str(uuid.uuid4()),
        project_id=group.project_id,
        user_id=user_id,
        group_id=group.id,
        group_type_id=group.group_type_id,
        name=name,
        description=description,
        created_at=now(),
    )
    await store.insert_group_snapshot(tx, snapshot)
    for volume in found:
        part = NewSnapshot(
            user_id=user_id,
            name=name,
            description=description,
            force=True,
            group_snapshot_id=snapshot.id,
        )
        await create_snapshot(tx, volume, part)
    return snapshot


async def delete_group_snapshot(tx: Transaction, snapshot: GroupSnapshot) -> None:
    """Wish the snapshots of a group away."""
    await store.update_group_snapshot(tx, snapshot.id, present=False, marked_status=None)
    for part in await snapshots.list_by(tx, group_snapshot_id=snapshot.id):
        await drop_snapshot(tx, part)
    tx.wake(GROUP_SNAPSHOT_WAKE, snapshot.id)


async def mark_group(tx: Transaction, group: Group, status: str | None) -> None:
    """Say as an admin what a group's status is; None takes that back."""
    await store.update_group(tx, group.id, marked_status=status)


async def mark_group_snapshot(tx: Transaction, snapshot: GroupSnapshot, status: str | None) -> None:
    """Say as an admin what the status of a group's snapshot is; None takes that back."""
    await store.update_group_snapshot(tx, snapshot.id, marked_status=status)
