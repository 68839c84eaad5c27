"""Groups of volumes, and snapshots of them: wire types and handlers."""

from typing import Any

import msgspec

from pilvi.block_storage.api.views import next_links, print_time, read_flag, read_offset, read_word
from pilvi.block_storage.api.volumes import Name
from pilvi.block_storage.model.group import Group, GroupSnapshot, GroupStatus, group_status
from pilvi.block_storage.operations import groups as operations
from pilvi.block_storage.store import groups as store
from pilvi.block_storage.store import snapshots, volumes
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, Unsupported


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    """What a new group is to be."""

    group_type: Name
    volume_types: list[Name]
    name: Name | None = None
    description: Name | None = None
    availability_zone: Name | None = None


class GroupCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /groups."""

    group: NewGroup


class GroupChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a group; ids of volumes stand between commas."""

    name: Name | None = None
    description: Name | None = None
    add_volumes: str | None = None
    remove_volumes: str | None = None


class GroupUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /groups/{id}."""

    group: GroupChanges


class GroupSource(msgspec.Struct, forbid_unknown_fields=True):
    """Of create-from-src."""

    name: Name | None = None
    description: Name | None = None
    source_group_id: Name | None = None
    group_snapshot_id: Name | None = None


class GroupDelete(msgspec.Struct, forbid_unknown_fields=True):
    """Of delete."""

    delete_volumes: bool | str | None = msgspec.field(name="delete-volumes", default=None)


class GroupStatusBody(msgspec.Struct, forbid_unknown_fields=True):
    """Of reset_status."""

    status: Name


class NewGroupSnapshot(msgspec.Struct, forbid_unknown_fields=True):
    """What a new snapshot of a group is to be."""

    group_id: Name
    name: Name | None = None
    description: Name | None = None


class GroupSnapshotCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /group_snapshots."""

    group_snapshot: NewGroupSnapshot


async def _get_own(call: Call[Any]) -> Group:
    return await store.get_group(
        call.tx, call.path["volume_group_id"], call.caller.visible_project_id
    )


async def _render(call: Call[Any], group: Group) -> dict[str, Any]:
    parts = await volumes.list_by_group(call.tx, group.id)
    row = {
        "id": group.id,
        "name": group.name or "",
        "description": group.description,
        "status": group_status(group, [one.status for one in parts]),
        "availability_zone": group.availability_zone,
        "created_at": print_time(group.created_at),
        "group_type": group.group_type_id,
        "volume_types": list(group.volume_type_ids),
        "group_snapshot_id": group.group_snapshot_id,
        "source_group_id": group.source_group_id,
        "replication_status": "disabled",
    }
    if read_word(call, "list_volume") and "group_volumes" in call.flags:
        row["volumes"] = [one.id for one in parts]
    return row


def _render_short(found: Group | GroupSnapshot) -> dict[str, Any]:
    return {"id": found.id, "name": found.name or ""}


def _whose(call: Call[None]) -> dict[str, Any]:
    if not (call.caller.is_admin and read_word(call, "all_tenants")):
        return {"project_id": call.caller.own_project_id}
    return {"project_id": call.query["project_id"]} if "project_id" in call.query else {}


async def _list(call: Call[None]) -> tuple[list[Group], dict[str, Any]]:
    page = parse_page(call.query)
    found, more = await store.list_groups(call.tx, _whose(call), page, read_offset(call))
    return found, {"group_links": next_links(call, "groups", found[-1].id)} if more else {}


async def list_groups(call: Call[None]) -> dict[str, Any]:
    """Groups by name only."""
    found, links = await _list(call)
    return {"groups": [_render_short(one) for one in found], **links}


async def list_groups_detail(call: Call[None]) -> dict[str, Any]:
    """Groups with everything."""
    found, links = await _list(call)
    return {"groups": [await _render(call, one) for one in found], **links}


async def show_group(call: Call[None]) -> dict[str, Any]:
    """One group."""
    return {"group": await _render(call, await _get_own(call))}


async def create_group(call: Call[GroupCreate]) -> dict[str, Any]:
    """A new, empty group."""
    fields = call.payload.group
    group_type = await operations.get_group_type(
        call.tx, fields.group_type, may_use_all=call.caller.is_admin
    )
    group = await operations.create_group(
        call.tx,
        project_id=call.caller.own_project_id,
        user_id=call.caller.user_id,
        name=fields.name,
        description=fields.description,
        group_type=group_type,
        volume_types=fields.volume_types,
        availability_zone=fields.availability_zone,
    )
    return {"group": _render_short(group)}


async def create_group_from_src(call: Call[GroupSource]) -> dict[str, Any]:
    """A new group with a copy of each volume of another, or of its snapshot."""
    fields, project_id = call.payload, call.caller.visible_project_id
    if bool(fields.source_group_id) == bool(fields.group_snapshot_id):
        raise InvalidRequest("cannot create a group; name source_group_id or group_snapshot_id")
    snapshot = source = None
    if fields.group_snapshot_id:
        id = fields.group_snapshot_id
        snapshot = await store.get_group_snapshot(call.tx, id, project_id)
    else:
        source = await store.get_group(call.tx, fields.source_group_id or "", project_id)
    group = await operations.create_group_from(
        call.tx,
        project_id=call.caller.own_project_id,
        user_id=call.caller.user_id,
        name=fields.name,
        description=fields.description,
        snapshot=snapshot,
        source=source,
    )
    return {"group": _render_short(group)}


async def update_group(call: Call[GroupUpdate]) -> None:
    """Change what a group is called and what belongs to it."""
    group, fields = await _get_own(call), call.payload.group
    values = {
        name: getattr(fields, name)
        for name in ("name", "description")
        if getattr(fields, name) is not None
    }
    add, remove = _read_ids(fields.add_volumes), _read_ids(fields.remove_volumes)
    if not (values or add or remove):
        raise InvalidRequest("cannot update a group with nothing")
    await operations.update_group(call.tx, group, add=add, remove=remove, **values)


async def delete_group(call: Call[GroupDelete]) -> None:
    """Wish a group away."""
    delete_volumes = read_flag(call.payload.delete_volumes)
    await operations.delete_group(call.tx, await _get_own(call), delete_volumes=delete_volumes)


async def reset_group_status(call: Call[GroupStatusBody]) -> None:
    """Say what a group's status is, or with available take that back."""
    group, status = await _get_own(call), _read_status(call.payload.status)
    await operations.mark_group(call.tx, group, status)


async def refuse_replication(call: Call[Any]) -> None:
    """Refused: nothing is replicated."""
    await _get_own(call)
    raise Unsupported("cannot replicate groups in this cloud; make backups of their volumes")


async def _get_own_snapshot(call: Call[Any]) -> GroupSnapshot:
    project_id = call.caller.visible_project_id
    return await store.get_group_snapshot(call.tx, call.path["group_snapshot_id"], project_id)


async def _render_snapshot(call: Call[Any], found: GroupSnapshot) -> dict[str, Any]:
    parts = await snapshots.list_by(call.tx, group_snapshot_id=found.id)
    return {
        "id": found.id,
        "name": found.name or "",
        "description": found.description,
        "group_id": found.group_id,
        "group_type_id": found.group_type_id,
        "status": group_status(found, [one.status for one in parts]),
        "created_at": print_time(found.created_at),
        "project_id": found.project_id,
    }


async def _list_snapshots(call: Call[None]) -> tuple[list[GroupSnapshot], dict[str, Any]]:
    equal = _whose(call)
    equal |= {name: call.query[name] for name in ("name", "group_id") if name in call.query}
    page = parse_page(call.query)
    found, more = await store.list_group_snapshots(call.tx, equal, page, read_offset(call))
    links = next_links(call, "group_snapshots", found[-1].id) if more else []
    return found, {"group_snapshot_links": links} if more else {}


async def list_group_snapshots(call: Call[None]) -> dict[str, Any]:
    """Snapshots of groups by name only."""
    found, links = await _list_snapshots(call)
    return {"group_snapshots": [_render_short(one) for one in found], **links}


async def list_group_snapshots_detail(call: Call[None]) -> dict[str, Any]:
    """Snapshots of groups with everything."""
    found, links = await _list_snapshots(call)
    return {"group_snapshots": [await _render_snapshot(call, one) for one in found], **links}


async def show_group_snapshot(call: Call[None]) -> dict[str, Any]:
    """One snapshot of a group."""
    return {"group_snapshot": await _render_snapshot(call, await _get_own_snapshot(call))}


async def create_group_snapshot(call: Call[GroupSnapshotCreate]) -> dict[str, Any]:
    """Snapshots of all volumes of a group."""
    fields = call.payload.group_snapshot
    group = await store.get_group(call.tx, fields.group_id, call.caller.visible_project_id)
    found = await operations.create_group_snapshot(
        call.tx,
        group,
        user_id=call.caller.user_id,
        name=fields.name,
        description=fields.description,
    )
    return {"group_snapshot": {**_render_short(found), "group_type_id": found.group_type_id}}


async def delete_group_snapshot(call: Call[None]) -> None:
    """Wish the snapshots of a group away."""
    await operations.delete_group_snapshot(call.tx, await _get_own_snapshot(call))


async def reset_group_snapshot_status(call: Call[GroupStatusBody]) -> None:
    """Say what its status is, or with available take that back."""
    found, status = await _get_own_snapshot(call), _read_status(call.payload.status)
    await operations.mark_group_snapshot(call.tx, found, status)


def _read_ids(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _read_status(text: str) -> str | None:
    if text not in set(GroupStatus):
        known = ", ".join(GroupStatus)
        raise InvalidRequest(f"cannot set the status '{text}'; use one of {known}")
    return None if text == GroupStatus.AVAILABLE else text
