"""Volumes: wire types and handlers."""

from typing import Annotated, Any

import msgspec

from pilvi.block_storage.api.views import (
    has_next,
    is_empty_page,
    links_of,
    next_links,
    read_flag,
    read_offset,
    read_word,
    render_volumes,
)
from pilvi.block_storage.api.volume_filters import read_filter
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations import volumes as operations
from pilvi.block_storage.operations.snapshots import delete_cascade
from pilvi.block_storage.operations.sources import SourceWish
from pilvi.block_storage.operations.volume_types import find_usable_type
from pilvi.block_storage.store import volume_metadata
from pilvi.block_storage.store import volumes as store
from pilvi.block_storage.store.groups import get_group
from pilvi.block_storage.store.volume_metadata import MetadataKind
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import parse_page
from pilvi.errors import Forbidden, InvalidRequest, Unsupported

Name = Annotated[str, msgspec.Meta(max_length=255)]
Key = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9-_:. /]{1,255}$")]
Metadata = dict[Key, Name]

SIZE_GIB_MAX = 2_147_483_647


class VolumeFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a new volume is to be."""

    size: int | str | None = None
    name: Name | None = None
    display_name: Name | None = None
    description: Name | None = None
    display_description: Name | None = None
    volume_type: Name | None = None
    availability_zone: Name | None = None
    metadata: Metadata | None = None
    multiattach: bool | str | None = None
    snapshot_id: Name | None = None
    source_volid: Name | None = None
    backup_id: Name | None = None
    imageRef: Name | None = None  # noqa: N815  # the wire's own spelling
    image_id: Name | None = None
    consistencygroup_id: Name | None = None
    group_id: Name | None = None


class VolumeCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /volumes."""

    volume: VolumeFields
    hints: dict[str, Any] | None = msgspec.field(name="OS-SCH-HNT:scheduler_hints", default=None)


class VolumeChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a volume."""

    name: Name | None | msgspec.UnsetType = msgspec.UNSET
    display_name: Name | None | msgspec.UnsetType = msgspec.UNSET
    description: Name | None | msgspec.UnsetType = msgspec.UNSET
    display_description: Name | None | msgspec.UnsetType = msgspec.UNSET
    metadata: Metadata | None | msgspec.UnsetType = msgspec.UNSET


class VolumeUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /volumes/{id}."""

    volume: VolumeChanges


async def get_own(call: Call[Any]) -> Volume:
    """The volume of the path, where the caller may see it. Raises `NotFound`."""
    project_id = call.caller.visible_project_id
    return await operations.get_volume(call.tx, call.path["volume_id"], project_id)


async def _list(call: Call[None]) -> tuple[list[Volume], dict[str, Any]]:
    """The volumes asked for, and what stands beside them in the reply."""
    wanted, page = read_filter(call), parse_page(call.query)
    found, more = await store.list_volumes(call.tx, wanted, page, read_offset(call))
    beside: dict[str, Any] = {}
    if is_empty_page(call):
        found = []
    if has_next(page, found, more):
        collection = call.request.url.path.rpartition("/volumes")[2]
        beside["volumes_links"] = next_links(call, f"volumes{collection}", found[-1].id)
    if "counts" in call.flags and read_word(call, "with_count"):
        beside["count"] = (await store.sum_volumes(call.tx, wanted)).volumes
    return found, beside


async def list_volumes(call: Call[None]) -> dict[str, Any]:
    """Volumes by name only."""
    found, beside = await _list(call)
    rows = [
        {"id": one.id, "name": one.name, "links": links_of(call, "volumes", one.id)}
        for one in found
    ]
    return {"volumes": rows, **beside}


async def list_volumes_detail(call: Call[None]) -> dict[str, Any]:
    """Volumes with everything."""
    found, beside = await _list(call)
    return {"volumes": await render_volumes(call, found), **beside}


async def show_volumes_summary(call: Call[None]) -> dict[str, Any]:
    """How many volumes there are, their size, and the metadata that they have."""
    wanted = read_filter(call)
    used = await store.sum_volumes(call.tx, wanted)
    metadata: dict[str, list[str]] = {}
    for pairs in (await volume_metadata.list_of_filter(call.tx, wanted)).values():
        for key, value in pairs.items():
            values = metadata.setdefault(key, [])
            if value not in values:
                values.append(value)
    summary = {"total_count": used.volumes, "total_size": used.gigabytes, "metadata": metadata}
    return {"volume-summary": summary}


async def show_volume(call: Call[None]) -> dict[str, Any]:
    """One volume."""
    (row,) = await render_volumes(call, [await get_own(call)])
    return {"volume": row}


async def create_volume(call: Call[VolumeCreate]) -> dict[str, Any]:
    """A new volume of zeros, or a copy of something."""
    fields = call.payload.volume
    _refuse_unserved(call.payload)
    if fields.group_id:
        await check_group(call, fields.group_id, fields.volume_type)
    volume = await operations.create_volume(
        call.tx,
        operations.NewVolume(
            project_id=call.caller.own_project_id,
            user_id=call.caller.user_id,
            size_gib=_read_wished_size(fields),
            name=_trim(fields.name if fields.name is not None else fields.display_name),
            description=_trim(fields.description or fields.display_description),
            volume_type=fields.volume_type,
            availability_zone=fields.availability_zone,
            metadata=fields.metadata or {},
            source=SourceWish(
                image_id=fields.imageRef or fields.image_id,
                snapshot_id=fields.snapshot_id,
                source_volume_id=fields.source_volid,
                backup_id=fields.backup_id,
            ),
            may_use_all=call.caller.is_admin,
            group_id=fields.group_id,
        ),
    )
    return {"volume": await _render_changed(call, volume)}


async def _render_changed(call: Call[Any], volume: Volume) -> dict[str, Any]:
    """A volume as Cinder answers to changes: without what its extensions add elsewhere."""
    (row,) = await render_volumes(call, [volume])
    added = ("os-vol-", "volume_image_metadata")
    return {name: value for name, value in row.items() if not name.startswith(added)}


async def check_group(call: Call[Any], group_id: str, volume_type: str | None) -> None:
    """Let a new volume into a group of the caller's project. Raises `InvalidRequest`."""
    group = await get_group(call.tx, group_id, call.caller.own_project_id)
    if volume_type is None:
        raise InvalidRequest("cannot create a volume in a group without a type; name one of its")
    found = await find_usable_type(call.tx, volume_type, group.project_id)
    if found.id not in group.volume_type_ids:
        raise InvalidRequest(f"cannot create a volume in the group: it lacks '{volume_type}'")


def _read_wished_size(fields: VolumeFields) -> int | None:
    """The size, which a copy of a volume, snapshot or backup need not name."""
    if fields.size is None and (fields.snapshot_id or fields.source_volid or fields.backup_id):
        return None
    return read_size(fields.size)


async def update_volume(call: Call[VolumeUpdate]) -> dict[str, Any]:
    """Change what a volume is called."""
    volume, fields = await get_own(call), call.payload.volume
    values: dict[str, Any] = {}
    for name in ("name", "description"):
        for given in (getattr(fields, f"display_{name}"), getattr(fields, name)):
            if given is not msgspec.UNSET:
                values[name] = _trim(given)
    if fields.metadata is not msgspec.UNSET:
        metadata = fields.metadata or {}
        await operations.save_metadata(call.tx, volume, MetadataKind.USER, metadata)
    elif not values:
        raise InvalidRequest("cannot update a volume with nothing; give name or description")
    changed = await operations.update_volume(call.tx, volume, **values)
    return {"volume": await _render_changed(call, changed)}


async def delete_volume(call: Call[None]) -> None:
    """Wish a volume away; with `cascade` its snapshots too."""
    volume = await get_own(call)
    is_forced = "force_delete" in call.flags and read_word(call, "force")
    if is_forced and not call.caller.is_admin:
        raise Forbidden("cannot force a deletion: it needs the role 'admin'")
    if read_word(call, "cascade"):
        await delete_cascade(call.tx, volume, force=is_forced)
    elif is_forced:
        await operations.force_delete_volume(call.tx, volume)
    else:
        await operations.delete_volume(call.tx, volume)


def read_size(size: int | str | None) -> int:
    """GiB, as a number or in digits. Raises `InvalidRequest`."""
    if isinstance(size, str):
        size = parse_whole(size.strip(), digits_max=9)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= SIZE_GIB_MAX:
        raise InvalidRequest(f"cannot use the size {size!r}: it is a whole number of GiB from 1 up")
    return size


def _trim(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _refuse_unserved(payload: VolumeCreate) -> None:
    """Raises for what is not kept, as Cinder does or clearly."""
    fields = payload.volume
    if fields.consistencygroup_id:
        raise Unsupported("cannot create a volume in a consistency group; use a group")
    if read_flag(fields.multiattach):
        raise InvalidRequest(
            "cannot create a volume for several servers by 'multiattach'; choose a volume type "
            "with the extra spec multiattach='<is> True'"
        )
    if payload.hints:
        raise InvalidRequest("cannot honour scheduler hints for volumes: leave them out")
