"""Attachments, for people to look at: only servers make and end them."""

from typing import Any

from pilvi.block_storage.api.views import next_links, print_time, read_offset, read_word
from pilvi.block_storage.model.attachment import Attachment
from pilvi.block_storage.store import attachments as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import Conflict, Unsupported

# Query parameter and its column.
_FILTERS = {"id": "id", "volume_id": "volume_id", "instance_id": "server_id", "status": "state"}


def _render_short(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "status": attachment.state,
        "instance": attachment.server_id,
        "volume_id": attachment.volume_id,
    }


def render_attachment(attachment: Attachment) -> dict[str, Any]:
    """An attachment with how it is connected; never with the account that opens the target."""
    connection: dict[str, Any] = {}
    if attachment.exported:
        connection = {
            "driver_volume_type": "iscsi",
            "target_portal": attachment.portal,
            "target_iqn": attachment.iqn,
            "target_discovered": False,
            "volume_id": attachment.volume_id,
            "attachment_id": attachment.id,
            "access_mode": "ro" if attachment.read_only else "rw",
            "encrypted": False,
            "qos_specs": None,
        }
    return {
        **_render_short(attachment),
        "attached_at": print_time(attachment.attached_at),
        "detached_at": None,
        "attach_mode": "ro" if attachment.read_only else "rw",
        "connection_info": connection,
    }


async def _list(call: Call[None]) -> tuple[list[Attachment], dict[str, Any]]:
    equal = {column: call.query[name] for name, column in _FILTERS.items() if name in call.query}
    is_everybodys = call.caller.is_admin and read_word(call, "all_tenants")
    project_id = call.query.get("project_id") if is_everybodys else call.caller.own_project_id
    page = parse_page(call.query)
    found, more = await store.list_attachments(call.tx, project_id, equal, page, read_offset(call))
    links = {"attachments_links": next_links(call, "attachments", found[-1].id)} if more else {}
    return found, links


async def list_attachments(call: Call[None]) -> dict[str, Any]:
    """Attachments, shortly."""
    found, links = await _list(call)
    return {"attachments": [_render_short(one) for one in found], **links}


async def list_attachments_detail(call: Call[None]) -> dict[str, Any]:
    """Attachments with everything."""
    found, links = await _list(call)
    return {"attachments": [render_attachment(one) for one in found], **links}


async def _get_own(call: Call[None]) -> Attachment:
    project_id = call.caller.visible_project_id
    return await store.get_attachment(call.tx, call.path["attachment_id"], project_id)


async def show_attachment(call: Call[None]) -> dict[str, Any]:
    """One attachment."""
    return {"attachment": render_attachment(await _get_own(call))}


async def delete_attachment(call: Call[None]) -> None:
    """Refused: a target that a server still uses would be pulled from under it."""
    attachment = await _get_own(call)
    raise Conflict(
        f"cannot delete the attachment '{attachment.id}': the server {attachment.server_id} has "
        "it; detach the volume from the server through the compute API"
    )


async def refuse_attachment(call: Call[None]) -> None:
    """Refused: attachments follow servers."""
    raise Unsupported(
        "cannot make or change attachments by hand: attach the volume to a server through the "
        "compute API"
    )
