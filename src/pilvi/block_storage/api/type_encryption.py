"""How volumes of a type are to be encrypted: kept for admins; no volume of it can be made yet."""

import uuid
from typing import Annotated, Any, Literal

import msgspec

from pilvi.block_storage.api.views import print_time
from pilvi.block_storage.model.volume_type import VolumeType
from pilvi.block_storage.operations import volume_types as operations
from pilvi.block_storage.store.volumes import count_of_type
from pilvi.core.db import now
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound

Text = Annotated[str, msgspec.Meta(max_length=255)]
Provider = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]


class NewEncryption(msgspec.Struct, forbid_unknown_fields=True):
    """How a type is to be encrypted."""

    provider: Provider
    control_location: Literal["front-end", "back-end"]
    cipher: Text | None = None
    key_size: Size | str | None = None


class EncryptionCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /types/{id}/encryption."""

    encryption: NewEncryption


class EncryptionChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of it."""

    provider: Provider | None = None
    control_location: Literal["front-end", "back-end"] | None = None
    cipher: Text | None | msgspec.UnsetType = msgspec.UNSET
    key_size: Size | str | None | msgspec.UnsetType = msgspec.UNSET


class EncryptionUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /types/{id}/encryption/{encryption_id}."""

    encryption: EncryptionChanges


async def _get_type(call: Call[Any]) -> VolumeType:
    project_id = call.caller.visible_project_id
    return await operations.get_type(call.tx, call.path["type_id"], project_id)


async def _get(call: Call[Any]) -> tuple[VolumeType, dict[str, Any]]:
    found = await _get_type(call)
    encryption = dict(found.encryption or {})
    if encryption.get("encryption_id") != call.path["encryption_id"]:
        raise NotFound(f"cannot find the encryption '{call.path['encryption_id']}' of this type")
    return found, encryption


async def show_type_encryption(call: Call[None]) -> dict[str, Any]:
    """How a type is to be encrypted; empty when it is not."""
    found = await _get_type(call)
    if found.encryption is None:
        return {}
    return {
        "volume_type_id": found.id,
        "updated_at": None,
        **found.encryption,
        "deleted": False,
        "deleted_at": None,
    }


async def show_type_encryption_item(call: Call[None]) -> dict[str, Any]:
    """One value of it."""
    found, key = await _get_type(call), call.path["encryption_id"]
    encryption = found.encryption or {}
    if key not in encryption:
        raise NotFound(f"cannot find '{key}' of this type's encryption")
    return {key: encryption[key]}


async def create_type_encryption(call: Call[EncryptionCreate]) -> dict[str, Any]:
    """Say how a type is to be encrypted."""
    found, fields = await _get_type(call), call.payload.encryption
    await _check_unused(call, found)
    if found.encryption is not None:
        raise InvalidRequest("cannot say twice how a volume type is encrypted: change it")
    encryption = {
        "encryption_id": str(uuid.uuid4()),
        "provider": fields.provider,
        "control_location": fields.control_location,
        "cipher": fields.cipher,
        "key_size": _read_size(fields.key_size),
    }
    kept = {**encryption, "created_at": print_time(now())}
    await operations.update_type(call.tx, found, encryption=kept)
    return {"encryption": {"volume_type_id": found.id, **encryption}}


async def update_type_encryption(call: Call[EncryptionUpdate]) -> dict[str, Any]:
    """Change how a type is to be encrypted."""
    (found, encryption), fields = await _get(call), call.payload.encryption
    await _check_unused(call, found)
    changes: dict[str, Any] = {}
    for name in ("provider", "control_location"):
        if getattr(fields, name) is not None:
            changes[name] = getattr(fields, name)
    if fields.cipher is not msgspec.UNSET:
        changes["cipher"] = fields.cipher
    if fields.key_size is not msgspec.UNSET:
        changes["key_size"] = _read_size(fields.key_size)
    kept = {**encryption, **changes, "updated_at": print_time(now())}
    await operations.update_type(call.tx, found, encryption=kept)
    return {"encryption": changes}


async def delete_type_encryption(call: Call[None]) -> None:
    """Say that a type is not encrypted."""
    found, _ = await _get(call)
    await _check_unused(call, found)
    await operations.update_type(call.tx, found, encryption=None)


async def _check_unused(call: Call[Any], found: VolumeType) -> None:
    if await count_of_type(call.tx, found.id):
        raise InvalidRequest("cannot change a type's encryption: volumes are of it")


def _read_size(given: int | str | None) -> int | None:
    if isinstance(given, str):
        if not given.isdecimal() or len(given) > 9:
            raise InvalidRequest(f"cannot use the key_size '{given}': it is a whole number")
        return int(given)
    return given
