"""Snapshots: wire types and handlers."""

import datetime
from typing import Annotated, Any

import msgspec

from pilvi.block_storage.api.views import (
    has_next,
    is_empty_page,
    next_links,
    print_time,
    read_flag,
    read_offset,
    read_word,
)
from pilvi.block_storage.api.volume_filters import read_literal, read_times
from pilvi.block_storage.api.volumes import Metadata, Name
from pilvi.block_storage.model.snapshot import Snapshot, SnapshotStatus
from pilvi.block_storage.operations import snapshots as operations
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.block_storage.store import snapshots as store
from pilvi.block_storage.store.snapshots import SnapshotFilter
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest

SNAPSHOT_FILTERS = (
    "name",
    "status",
    "volume_id",
    "metadata",
    "availability_zone",
    "project_id",
    "user_id",
    "created_at",
    "updated_at",
    "consumes_quota",
)
_PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "with_count", "all_tenants")
_EQUAL = {"name": "name", "status": "status", "volume_id": "volume_id", "user_id": "user_id"}
_PROGRESS = Annotated[str, msgspec.Meta(pattern=r"^(100|[1-9]?[0-9])%?$")]


class NewSnapshotFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a new snapshot is to be; a volume_id of null is one that nobody has, as in Cinder."""

    volume_id: Name | None
    name: Name | None = None
    display_name: Name | None = None
    description: Name | None = None
    display_description: Name | None = None
    force: bool | str | None = None
    metadata: Metadata | None = None


class SnapshotCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /snapshots."""

    snapshot: NewSnapshotFields


class SnapshotChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a snapshot."""

    name: Name | None | msgspec.UnsetType = msgspec.UNSET
    display_name: Name | None | msgspec.UnsetType = msgspec.UNSET
    description: Name | None | msgspec.UnsetType = msgspec.UNSET
    display_description: Name | None | msgspec.UnsetType = msgspec.UNSET


class SnapshotUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /snapshots/{id}."""

    snapshot: SnapshotChanges


class ResetSnapshot(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-reset_status."""

    status: Name


class UpdateSnapshotStatus(msgspec.Struct, forbid_unknown_fields=True):
    """Of os-update_snapshot_status."""

    status: Name
    progress: _PROGRESS | None = None


async def get_own(call: Call[Any]) -> Snapshot:
    """The snapshot of the path, where the caller may see it. Raises `NotFound`."""
    project_id = call.caller.visible_project_id
    return await operations.get_snapshot(call.tx, call.path["snapshot_id"], project_id)


def _render_short(snapshot: Snapshot, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size_gib,
        "created_at": print_time(snapshot.created_at),
        "updated_at": print_time(snapshot.updated_at),
        "metadata": metadata,
    }


def _render(snapshot: Snapshot, metadata: dict[str, str]) -> dict[str, Any]:
    row = _render_short(snapshot, metadata)
    return {**row, "user_id": snapshot.user_id, "consumes_quota": True}


def _render_whole(snapshot: Snapshot, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        **_render(snapshot, metadata),
        "os-extended-snapshot-attributes:progress": snapshot.progress,
        "os-extended-snapshot-attributes:project_id": snapshot.project_id,
        "group_snapshot_id": snapshot.group_snapshot_id,
    }


async def _metadata_of(call: Call[Any], snapshot: Snapshot) -> dict[str, str]:
    return (await store.list_metadata(call.tx, [snapshot.id])).get(snapshot.id, {})


def _read_filter(call: Call[None]) -> SnapshotFilter:
    """The filter of a request; what is unknown is ignored before the version that refuses it."""
    equal: dict[str, Any] = {}
    like: dict[str, str] = {}
    metadata: dict[str, str] = {}
    times: list[tuple[str, str, datetime.datetime]] = []
    is_nothing = False
    for name, text in call.query.multi_items():
        if name in _PAGING or name == "project_id":
            continue
        if name == "name~" and "like_filters" in call.flags:
            like["name"] = text
        elif name in _EQUAL:
            equal[_EQUAL[name]] = text.lower() if name == "status" else text
        elif name == "metadata" and "snapshot_metadata_filter" in call.flags:
            metadata.update(read_literal(name, text))
        elif name in ("created_at", "updated_at") and "time_filters" in call.flags:
            times += read_times(name, text)
        elif name == "consumes_quota" and "consumes_quota" in call.flags:
            is_nothing = not read_word(call, name)
        elif "strict_filters" in call.flags and name != "availability_zone":
            raise InvalidRequest(f"cannot filter by '{name}': {', '.join(SNAPSHOT_FILTERS)}")
    if not (call.caller.is_admin and read_word(call, "all_tenants")):
        equal["project_id"] = call.caller.own_project_id
    elif "project_id" in call.query:
        equal["project_id"] = call.query["project_id"]
    return SnapshotFilter(
        equal=equal, like=like, metadata=metadata, times=times, is_nothing=is_nothing
    )


async def _list(call: Call[None]) -> tuple[list[Snapshot], dict[str, Any]]:
    wanted, page = _read_filter(call), parse_page(call.query)
    if page.marker is not None:
        # Cinder answers 404 to a marker that is not there.
        await operations.get_snapshot(call.tx, page.marker, call.caller.visible_project_id)
    found, more = await store.list_snapshots(call.tx, wanted, page, read_offset(call))
    beside: dict[str, Any] = {}
    if is_empty_page(call):
        found = []
    if has_next(page, found, more):
        collection = call.request.url.path.rpartition("/snapshots")[2]
        beside["snapshots_links"] = next_links(call, f"snapshots{collection}", found[-1].id)
    if "counts" in call.flags and read_word(call, "with_count"):
        beside["count"] = await store.count_snapshots(call.tx, wanted)
    return found, beside


async def list_snapshots(call: Call[None]) -> dict[str, Any]:
    """Snapshots, shortly."""
    found, beside = await _list(call)
    metadata = await store.list_metadata(call.tx, [one.id for one in found])
    return {"snapshots": [_render_short(one, metadata.get(one.id, {})) for one in found], **beside}


async def list_snapshots_detail(call: Call[None]) -> dict[str, Any]:
    """Snapshots with everything."""
    found, beside = await _list(call)
    metadata = await store.list_metadata(call.tx, [one.id for one in found])
    return {"snapshots": [_render_whole(one, metadata.get(one.id, {})) for one in found], **beside}


async def show_snapshot(call: Call[None]) -> dict[str, Any]:
    """One snapshot."""
    snapshot = await get_own(call)
    return {"snapshot": _render_whole(snapshot, await _metadata_of(call, snapshot))}


async def create_snapshot(call: Call[SnapshotCreate]) -> dict[str, Any]:
    """A new snapshot."""
    fields = call.payload.snapshot
    project_id = call.caller.visible_project_id
    volume = await get_volume(call.tx, fields.volume_id or "", project_id)
    name = fields.name if fields.name is not None else fields.display_name
    is_forced = read_flag(fields.force)
    if "snapshots_without_force" in call.flags:
        if fields.force is not None and not is_forced:
            raise InvalidRequest(
                "cannot create a snapshot with force=false at this version: leave force out"
            )
        is_forced = True
    snapshot = await operations.create_snapshot(
        call.tx,
        volume,
        operations.NewSnapshot(
            user_id=call.caller.user_id,
            name=None if name is None else name.strip(),
            description=fields.description or fields.display_description,
            metadata=fields.metadata or {},
            force=is_forced,
        ),
    )
    return {"snapshot": _render(snapshot, await _metadata_of(call, snapshot))}


async def update_snapshot(call: Call[SnapshotUpdate]) -> dict[str, Any]:
    """Change what a snapshot is called."""
    snapshot, fields = await get_own(call), call.payload.snapshot
    values: dict[str, Any] = {}
    for name in ("name", "description"):
        for given in (getattr(fields, f"display_{name}"), getattr(fields, name)):
            if given is not msgspec.UNSET:
                values[name] = None if given is None else given.strip()
    if not values:
        raise InvalidRequest("cannot update a snapshot with nothing; give name or description")
    changed = await operations.update_snapshot(call.tx, snapshot, **values)
    return {"snapshot": _render(changed, await _metadata_of(call, changed))}


async def delete_snapshot(call: Call[None]) -> None:
    """Wish a snapshot away."""
    await operations.delete_snapshot(call.tx, await get_own(call))


async def reset_snapshot_status(call: Call[ResetSnapshot]) -> None:
    """Say what a snapshot's status is, or with available take that back."""
    await operations.mark_status(call.tx, await get_own(call), _read_status(call.payload.status))


async def update_snapshot_status(call: Call[UpdateSnapshotStatus]) -> None:
    """Say how far a snapshot is that something else makes, as Cinder's remote drivers do."""
    snapshot = await get_own(call)
    wanted = _read_status(call.payload.status)
    if snapshot.status not in (SnapshotStatus.CREATING, SnapshotStatus.DELETING):
        raise InvalidRequest(
            f"cannot update the status of the snapshot '{snapshot.id}': it is {snapshot.status}"
        )
    progress = call.payload.progress
    if progress is not None and not progress.endswith("%"):
        progress += "%"
    await operations.mark_status(call.tx, snapshot, wanted, progress)


async def force_delete_snapshot(call: Call[Any]) -> None:
    """Wish a snapshot away whatever its status."""
    await operations.drop_snapshot(call.tx, await get_own(call))


def _read_status(text: str) -> SnapshotStatus:
    known = [one.value for one in SnapshotStatus if one is not SnapshotStatus.BACKING_UP]
    if text not in known:
        raise InvalidRequest(f"cannot set the status '{text}'; use one of {', '.join(known)}")
    return SnapshotStatus(text)
