"""What a caller may do with volume types. In the caller's transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from pilvi.block_storage.model.volume_type import DEFAULT_TYPE, VolumeType, VolumeTypeId
from pilvi.block_storage.store import volume_types as store
from pilvi.block_storage.store import volumes
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound


async def get_type(tx: Transaction, id: str, project_id: str | None) -> VolumeType:
    """One type that a project may use (None: any). Raises `NotFound`."""
    found = await store.find_volume_type(tx, project_id, id=id)
    if found is None:
        raise NotFound(f"cannot find the volume type '{id}'")
    return found


async def find_usable_type(tx: Transaction, named: str, project_id: str | None) -> VolumeType:
    """The type of that id or name that a project may use. Raises `NotFound`."""
    by_id = await store.find_volume_type(tx, project_id, id=named)
    found = by_id or await store.find_volume_type(tx, project_id, name=named)
    if found is None:
        raise NotFound(f"cannot find the volume type '{named}'")
    return found


async def ensure_default_type(tx: Transaction) -> VolumeType:
    """The type of volumes for which none is named. Repeatable."""
    found = await store.find_volume_type(tx, None, name=DEFAULT_TYPE)
    return found or await create_type(tx, DEFAULT_TYPE, description="Default Volume Type")


async def find_default_type(tx: Transaction) -> VolumeType:
    """The type of volumes for which none is named. Raises `NotFound` before there is one."""
    return await find_usable_type(tx, DEFAULT_TYPE, None)


async def find_default_of(tx: Transaction, project_id: str) -> VolumeType:
    """The type that a project's volumes have for which none is named."""
    chosen = await store.find_default_of(tx, project_id)
    if chosen is not None:
        return await get_type(tx, chosen, None)
    return await ensure_default_type(tx)


async def create_type(
    tx: Transaction,
    name: str,
    *,
    description: str | None = None,
    is_public: bool = True,
    extra_specs: Mapping[str, str] | None = None,
) -> VolumeType:
    """A new type. Raises `Conflict` when the name is taken."""
    await _check_name(tx, name)
    volume_type = VolumeType(
        id=VolumeTypeId(str(uuid.uuid4())),
        name=name,
        description=description,
        is_public=is_public,
        extra_specs=dict(extra_specs or {}),
        created_at=now(),
        updated_at=None,
    )
    await store.insert_volume_type(tx, volume_type)
    return volume_type


async def update_type(tx: Transaction, volume_type: VolumeType, **values: Any) -> VolumeType:
    """Change a type. Raises `Conflict` when the new name is taken."""
    name = values.get("name", volume_type.name)
    if name != volume_type.name:
        if volume_type.name == DEFAULT_TYPE:
            raise InvalidRequest("cannot rename the default volume type")
        await _check_name(tx, name)
    await store.update_volume_type(tx, volume_type.id, updated_at=now(), **values)
    return await get_type(tx, volume_type.id, None)


async def delete_type(tx: Transaction, volume_type: VolumeType) -> None:
    """Remove a type. Raises `InvalidRequest` while volumes are of it."""
    if volume_type.name == DEFAULT_TYPE:
        raise InvalidRequest("cannot delete the default volume type")
    if count := await volumes.count_of_type(tx, volume_type.id):
        raise InvalidRequest(
            f"cannot delete the volume type '{volume_type.name}': {count} volumes are of it"
        )
    if await store.list_defaults(tx, volume_type_id=volume_type.id):
        raise InvalidRequest(
            f"cannot delete the volume type '{volume_type.name}': it is a project's default"
        )
    await store.delete_volume_type(tx, volume_type.id)


async def add_access(tx: Transaction, volume_type: VolumeType, project_id: str) -> None:
    """Let a project use a private type. Raises `Conflict` when it may already."""
    _check_private(volume_type)
    if project_id in await store.list_access(tx, volume_type.id):
        raise Conflict("cannot give this project the volume type: it has it already")
    await store.insert_access(tx, volume_type.id, project_id)


async def remove_access(tx: Transaction, volume_type: VolumeType, project_id: str) -> None:
    """Take a private type from a project. Raises `NotFound` when it has it not."""
    _check_private(volume_type)
    if not await store.delete_access(tx, volume_type.id, project_id):
        raise NotFound("cannot find that access to the volume type")


async def _check_name(tx: Transaction, name: str) -> None:
    if await store.find_volume_type(tx, None, name=name) is not None:
        raise Conflict(f"cannot name the volume type '{name}': the name is taken")


def _check_private(volume_type: VolumeType) -> None:
    if volume_type.is_public:
        raise InvalidRequest("cannot say who may use a public volume type: everybody may")


async def choose_default(tx: Transaction, project_id: str, named: str | None) -> str | None:
    """Let a project's volumes that name no type have this one, or none; its id. Repeatable."""
    chosen = None if named is None else (await find_usable_type(tx, named, project_id)).id
    await store.save_default(tx, project_id, chosen)
    return chosen
