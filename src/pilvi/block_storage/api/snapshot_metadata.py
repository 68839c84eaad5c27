"""What users say about snapshots: key and value."""

from typing import Any

from pilvi.block_storage.api.snapshots import get_own
from pilvi.block_storage.api.volume_metadata import ItemBody, MetadataBody
from pilvi.block_storage.model.snapshot import Snapshot
from pilvi.block_storage.operations.snapshots import save_metadata
from pilvi.block_storage.store.snapshots import list_metadata
from pilvi.core.http import Call
from pilvi.errors import InvalidRequest, NotFound


async def _read(call: Call[Any]) -> tuple[Snapshot, dict[str, str]]:
    snapshot = await get_own(call)
    return snapshot, (await list_metadata(call.tx, [snapshot.id])).get(snapshot.id, {})


async def list_snapshot_metadata(call: Call[None]) -> dict[str, Any]:
    """All metadata of a snapshot."""
    return {"metadata": (await _read(call))[1]}


async def create_snapshot_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Add to the metadata of a snapshot."""
    snapshot, metadata = await _read(call)
    metadata.update(call.payload.metadata or {})
    await save_metadata(call.tx, snapshot, metadata)
    return {"metadata": metadata}


async def replace_snapshot_metadata(call: Call[MetadataBody]) -> dict[str, Any]:
    """Give a snapshot exactly this metadata."""
    snapshot, _ = await _read(call)
    wanted = call.payload.metadata or {}
    await save_metadata(call.tx, snapshot, wanted)
    return {"metadata": wanted}


async def show_snapshot_metadata_item(call: Call[None]) -> dict[str, Any]:
    """One value."""
    _, metadata = await _read(call)
    return {"meta": {call.path["key"]: _find(call, metadata)}}


async def update_snapshot_metadata_item(call: Call[ItemBody]) -> dict[str, Any]:
    """Set one value."""
    snapshot, metadata = await _read(call)
    if list(call.payload.meta) != [call.path["key"]]:
        raise InvalidRequest(f"cannot set '{call.path['key']}': the body names another key")
    await save_metadata(call.tx, snapshot, {**metadata, **call.payload.meta})
    return {"meta": call.payload.meta}


async def delete_snapshot_metadata_item(call: Call[None]) -> None:
    """Remove one value."""
    snapshot, metadata = await _read(call)
    _find(call, metadata)
    del metadata[call.path["key"]]
    await save_metadata(call.tx, snapshot, metadata)


def _find(call: Call[Any], metadata: dict[str, str]) -> str:
    key = call.path["key"]
    if key not in metadata:
        raise NotFound(f"cannot find the metadata '{key}' of this snapshot")
    return metadata[key]
