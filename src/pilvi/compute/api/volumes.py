"""The block storage service's volumes and snapshots under the names that old clients know.

API reference: "Volume extension (os-volumes, os-snapshots) (DEPRECATED)", up to version 2.35.
"""

from typing import Annotated, Any

import msgspec

from pilvi.block_storage.model.snapshot import Snapshot
from pilvi.block_storage.operations import overviews, snapshots
from pilvi.block_storage.operations import volumes as operations
from pilvi.block_storage.operations.overviews import VolumeOverview
from pilvi.block_storage.operations.snapshots import NewSnapshot
from pilvi.block_storage.operations.sources import SourceWish
from pilvi.block_storage.operations.volumes import NewVolume
from pilvi.compute.api.links import microseconds, parse_flag
from pilvi.compute.api.server_wire import Metadata
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import Page, parse_page
from pilvi.errors import InvalidRequest

Text = Annotated[str, msgspec.Meta(max_length=255)]


class VolumeFields(msgspec.Struct):
    """What a volume is made of; Nova accepts other fields."""

    size: int | str
    display_name: Text | None = None
    display_description: Text | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: Metadata | None = None
    snapshot_id: str | None = None


class VolumeBody(msgspec.Struct):
    """Body of POST; Nova accepts other fields."""

    volume: VolumeFields


class SnapshotFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a snapshot is made of."""

    volume_id: str
    display_name: Text | None = None
    display_description: Text | None = None
    force: bool | str = False


class SnapshotBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST."""

    snapshot: SnapshotFields


async def list_volumes(call: Call[None]) -> dict[str, Any]:
    """The project's volumes."""
    page, offset = _page(call)
    project_id = call.caller.project_id or ""
    found = await overviews.list_volume_overviews(call.tx, project_id, page, offset)
    return {"volumes": [_render_volume(one) for one in found]}


async def show_volume(call: Call[None]) -> dict[str, Any]:
    """One volume."""
    return {"volume": _render_volume(await _get(call, call.path["volume_id"]))}


async def create_volume(call: Call[VolumeBody]) -> dict[str, Any]:
    """A new volume."""
    fields, caller = call.payload.volume, call.caller
    size = parse_whole(str(fields.size), digits_max=9)
    if not size:
        raise InvalidRequest("cannot make a volume of this size; give 1 GiB or more")
    wanted = NewVolume(
        project_id=caller.project_id or "",
        user_id=caller.user_id,
        size_gib=size,
        name=fields.display_name,
        description=fields.display_description,
        volume_type=fields.volume_type,
        availability_zone=fields.availability_zone,
        metadata=fields.metadata or {},
        source=SourceWish(snapshot_id=fields.snapshot_id),
    )
    made = await operations.create_volume(call.tx, wanted)
    return {"volume": _render_volume(await _get(call, made.id))}


async def delete_volume(call: Call[None]) -> None:
    """Remove a volume."""
    found = await _get(call, call.path["volume_id"])
    await operations.delete_volume(call.tx, found.volume)


async def list_snapshots(call: Call[None]) -> dict[str, Any]:
    """The snapshots of the project's volumes."""
    page, offset = _page(call)
    found = await overviews.list_snapshots(call.tx, call.caller.project_id or "", page, offset)
    return {"snapshots": [_render_snapshot(one) for one in found]}


async def show_snapshot(call: Call[None]) -> dict[str, Any]:
    """One snapshot."""
    return {"snapshot": _render_snapshot(await _get_snapshot(call))}


async def create_snapshot(call: Call[SnapshotBody]) -> dict[str, Any]:
    """A new snapshot of a volume."""
    fields = call.payload.snapshot
    wanted = NewSnapshot(
        user_id=call.caller.user_id,
        name=fields.display_name,
        description=fields.display_description,
        force=parse_flag("force", str(fields.force)),
    )
    found = await _get(call, fields.volume_id)
    made = await snapshots.create_snapshot(call.tx, found.volume, wanted)
    return {"snapshot": _render_snapshot(made)}


async def delete_snapshot(call: Call[None]) -> None:
    """Remove a snapshot."""
    await snapshots.delete_snapshot(call.tx, await _get_snapshot(call))


async def _get(call: Call[Any], id: str) -> VolumeOverview:
    return await overviews.get_volume_overview(call.tx, call.caller.visible_project_id, id)


async def _get_snapshot(call: Call[Any]) -> Snapshot:
    project_id = call.caller.visible_project_id
    return await snapshots.get_snapshot(call.tx, call.path["snapshot_id"], project_id)


def _page(call: Call[None]) -> tuple[Page, int]:
    offset = parse_whole(call.query.get("offset") or "0", digits_max=9)
    if offset is None:
        raise InvalidRequest("cannot read offset: it is a whole number")
    return parse_page(call.query), offset


def _render_volume(found: VolumeOverview) -> dict[str, Any]:
    volume = found.volume
    held = [
        {
            "id": volume.id,
            "volumeId": volume.id,
            "serverId": one.server_id,
            "device": f"/dev/{one.device}",
        }
        for one in found.held_by
    ]
    return {
        "id": volume.id,
        "status": volume.status,
        "size": volume.current_size_gib,
        "availabilityZone": volume.availability_zone,
        "createdAt": microseconds(volume.created_at),
        "displayName": volume.name,
        "displayDescription": volume.description,
        "volumeType": found.type_name,
        "snapshotId": volume.snapshot_id,
        "metadata": found.metadata,
        "attachments": held or [{}],
    }


def _render_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "volumeId": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size_gib,
        "createdAt": microseconds(snapshot.created_at),
        "displayName": snapshot.name,
        "displayDescription": snapshot.description,
    }
