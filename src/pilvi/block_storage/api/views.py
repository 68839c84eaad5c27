"""How things look on the wire, and lists of them."""

import datetime
from collections.abc import Sequence
from typing import Any

from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.block_storage.model.volume import Volume
from pilvi.block_storage.operations.pools import Pool, list_pools
from pilvi.block_storage.store import attachments, volume_types
from pilvi.block_storage.store.volume_metadata import MetadataKind, list_metadata
from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest


def print_time(moment: datetime.datetime | None) -> str | None:
    """A moment as Cinder prints it: microseconds, no zone, UTC."""
    if moment is None:
        return None
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def print_flag(value: bool) -> str:
    """A flag that Cinder prints as a word."""
    return "true" if value else "false"


def links_of(call: Call[Any], collection: str, id: str) -> list[dict[str, str]]:
    """Links to one thing."""
    path = f"{collection}/{id}"
    return [
        {"rel": "self", "href": f"{call.service_url}/{path}"},
        {"rel": "bookmark", "href": f"{call.base_url}/volume/{path}"},
    ]


def next_links(call: Call[Any], collection: str, last_id: str) -> list[dict[str, str]]:
    """The link to the page after the row `last_id`."""
    query = call.request.url.remove_query_params(["offset"])
    query = query.include_query_params(marker=last_id)
    return [{"rel": "next", "href": f"{call.service_url}/{collection}?{query.query}"}]


def cut_page(rows: Sequence[Any], page: Page, offset: int = 0) -> tuple[list[Any], bool]:
    """One page of rows that are all there, each with an id, and whether more follow. Pure."""
    ids = [row.id for row in rows]
    if page.marker is not None:
        if page.marker not in ids:
            raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
        rows = rows[ids.index(page.marker) + 1 :]
    rows = rows[offset:]
    limit = page.limit if page.limit is not None else len(rows)
    return list(rows[:limit]), len(rows) > limit


def has_next(page: Page, found: Sequence[Any], more: bool) -> bool:
    """Whether a link to the next page is shown: Cinder shows one after every full page. Pure."""
    return bool(found) and (more or len(found) == page.limit)


def is_empty_page(call: Call[Any]) -> bool:
    """Whether a list of no rows is asked for, by limit=0."""
    return call.query.get("limit") == "0"


def read_offset(call: Call[Any]) -> int:
    """How many rows to leave out."""
    text = call.query.get("offset") or "0"
    offset = parse_whole(text, digits_max=9)
    if offset is None:
        raise InvalidRequest(f"cannot use offset '{text}': it must be a whole number, 0 or more")
    return offset


def read_word(call: Call[Any], name: str, *, default: bool = False) -> bool:
    """A flag of the query, in any of the words that Cinder takes."""
    text = (call.query.get(name) or "").lower()
    if not text:
        return default
    if text in ("1", "t", "true", "on", "y", "yes"):
        return True
    if text in ("0", "f", "false", "off", "n", "no"):
        return False
    raise InvalidRequest(f"cannot read {name}='{text}': it is true or false")


def read_flag(value: bool | str | None, *, default: bool = False) -> bool:
    """A flag of a body, in any of the words that Cinder takes. Raises `InvalidRequest`."""
    if value is None:
        return default
    text = str(value).lower()
    if text in ("1", "t", "true", "on", "y", "yes"):
        return True
    if text in ("0", "f", "false", "off", "n", "no"):
        return False
    raise InvalidRequest(f"cannot read '{value}': it is true or false")


async def render_volumes(call: Call[Any], found: Sequence[Volume]) -> list[dict[str, Any]]:
    """Volumes with everything that the caller may see of them: four queries for any number."""
    ids = [volume.id for volume in found]
    held = await attachments.list_of_volumes(call.tx, ids)
    user = await list_metadata(call.tx, MetadataKind.USER, ids)
    image = await list_metadata(call.tx, MetadataKind.IMAGE, ids)
    types = await volume_types.list_names(call.tx)
    pools: dict[str, Pool] = {}
    if call.caller.is_admin:
        lease_s = call.settings.host_lease_s
        pools = {pool.host.id: pool for pool in await list_pools(call.tx, lease_s)}
    rows = []
    for volume in found:
        row = _render(call, volume, types[volume.volume_type_id], user.get(volume.id, {}))
        row["attachments"] = [
            _render_hold(one)
            for one in held.get(volume.id, [])
            if one.state not in (AttachmentState.ATTACHING, AttachmentState.RESERVED)
            and (one.present or not one.by_hand)
        ]
        if volume.id in image:
            row["volume_image_metadata"] = image[volume.id]
        if volume.is_read_only is not None:
            row["metadata"] = {**row["metadata"], "readonly": str(volume.is_read_only)}
        if call.caller.is_admin:
            row.update(_render_for_admin(volume, pools.get(volume.host_id or "")))
        rows.append(row)
    return rows


def _render(
    call: Call[Any], volume: Volume, volume_type: str, metadata: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": volume.id,
        "name": volume.name,
        "description": volume.description,
        "size": volume.current_size_gib,
        "status": volume.status,
        "bootable": print_flag(volume.bootable),
        "encrypted": False,
        "multiattach": volume.multiattach,
        "availability_zone": volume.availability_zone,
        "volume_type": volume_type,
        "volume_type_id": volume.volume_type_id,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volume_id,
        "consistencygroup_id": None,
        "group_id": volume.group_id,
        "replication_status": None,
        "migration_status": None,
        "created_at": print_time(volume.created_at),
        "updated_at": print_time(volume.updated_at),
        "user_id": volume.user_id,
        "os-vol-tenant-attr:tenant_id": volume.project_id,
        "metadata": metadata,
        "links": links_of(call, "volumes", volume.id),
        "service_uuid": None,
        "shared_targets": False,
        "consumes_quota": True,
    }


def _render_hold(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.volume_id,
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "server_id": attachment.server_id or None,
        "host_name": (attachment.connector or {}).get("host"),
        "device": f"/dev/{attachment.device}" if attachment.device else None,
        "attached_at": print_time(attachment.attached_at),
    }


def _render_for_admin(volume: Volume, pool: Pool | None) -> dict[str, Any]:
    return {
        "os-vol-host-attr:host": pool.name if pool else None,
        "os-vol-mig-status-attr:migstat": None,
        "os-vol-mig-status-attr:name_id": None,
        "provider_id": None,
        "cluster_name": None,
    }
