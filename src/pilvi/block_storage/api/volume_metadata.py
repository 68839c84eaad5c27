"""What users say about volumes: key and value."""

import hashlib
from typing import Any

import msgspec

from pilvi.block_storage.api.volumes import Key, Metadata, Name, get_own
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations.volumes import save_metadata
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest, NotFound

_KIND = MetadataKind.USER


class MetadataBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT /volumes/{id}/metadata; null is none at all."""

    metadata: Metadata | None


class ItemBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /volumes/{id}/metadata/{key}."""

    meta: dict[Key, Name]


def _etag(metadata: dict[str, str]) -> str:
    plain = msgspec.json.encode(metadata, order="deterministic")
    return hashlib.md5(plain, usedforsecurity=False).hexdigest()


async def _read(call: Call[Any]) -> tuple[Volume, dict[str, str]]:
    volume = await get_own(call)
    return volume, (await list_metadata(call.tx, _KIND, [volume.id])).get(volume.id, {})


def _is_stale(call: Call[Any], metadata: dict[str, str]) -> bool:
    """Whether the caller changes another state than the one it saw (If-Match)."""
    wanted = call.headers.get("if-match")
    return wanted is not None and "etags" in call.flags and _etag(metadata) not in wanted


def _stale() -> Reply:
    message = "cannot change the metadata: it is not what it was; read it again"
    return Reply({"computeFault": {"code": 412, "message": message}}, 412)


async def list_volume_metadata(call: Call[None]) -> Reply:
    """All metadata of a volume."""
    _, metadata = await _read(call)
    headers = {"etag": _etag(metadata)} if "etags" in call.flags else {}
    return Reply({"metadata": metadata}, headers=headers)


async def create_volume_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Add to the metadata of a volume."""
    volume, metadata = await _read(call)
    metadata.update(call.payload.metadata or {})
    await save_metadata(call.tx, volume, _KIND, metadata)
    return {"metadata": metadata}


async def replace_volume_metadata(call: Call[MetadataBody]) -> Any:
    """Give a volume exactly this metadata."""
    volume, metadata = await _read(call)
    if _is_stale(call, metadata):
        return _stale()
    await save_metadata(call.tx, volume, _KIND, call.payload.metadata or {})
    return {"metadata": call.payload.metadata or {}}


async def show_volume_metadata_item(call: Call[None]) -> dict[str, Any]:
    """One value."""
    _, metadata = await _read(call)
    return {"meta": {call.path["key"]: _find(call, metadata)}}


async def update_volume_metadata_item(call: Call[ItemBody]) -> Any:
    """Set one value."""
    volume, metadata = await _read(call)
    if list(call.payload.meta) != [call.path["key"]]:
        raise InvalidRequest(f"cannot set '{call.path['key']}': the body names another key")
    if _is_stale(call, metadata):
        return _stale()
    metadata.update(call.payload.meta)
    await save_metadata(call.tx, volume, _KIND, metadata)
    return {"meta": call.payload.meta}


async def delete_volume_metadata_item(call: Call[None]) -> None:
    """Remove one value."""
    volume, metadata = await _read(call)
    _find(call, metadata)
    del metadata[call.path["key"]]
    await save_metadata(call.tx, volume, _KIND, metadata)


def _find(call: Call[Any], metadata: dict[str, str]) -> str:
    key = call.path["key"]
    if key not in metadata:
        raise NotFound(f"cannot find the metadata '{key}' of this volume")
    return metadata[key]
