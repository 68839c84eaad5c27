"""Attachments: those of servers to look at, others to be made and ended by hand."""

from typing import Any, Literal

import msgspec

from pilvi.block_storage.api.views import next_links, print_time, read_offset, read_word
from pilvi.block_storage.api.volumes import Name
from pilvi.block_storage.model.attachment import UNIT, Attachment, AttachmentState
from pilvi.block_storage.operations import hand_attachments as operations
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.block_storage.store import attachments as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest

# Query parameter and its column.
_FILTERS = {
    "id": "id",
    "volume_id": "volume_id",
    "instance_id": "server_id",
    "attach_status": "state",
    "status": "state",
}


class NewAttachment(msgspec.Struct, forbid_unknown_fields=True):
    """What a new attachment is to be."""

    volume_uuid: Name
    instance_uuid: Name | None = None
    connector: dict[str, Any] | None = None
    mode: Literal["ro", "rw"] | None = None


class AttachmentCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /attachments."""

    attachment: NewAttachment


class AttachmentChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of an attachment."""

    connector: dict[str, Any]


class AttachmentUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /attachments/{id}."""

    attachment: AttachmentChanges


def _render_short(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "status": attachment.state,
        "instance": attachment.server_id or None,
        "volume_id": attachment.volume_id,
    }


def render_connection(call: Call[Any], attachment: Attachment) -> dict[str, Any]:
    """How an attachment is connected.

    The account that opens the target is shown to admins only, and only where no server has it.
    """
    connection: dict[str, Any] = {
        "driver_volume_type": "iscsi",
        "target_portal": attachment.portal,
        "target_iqn": attachment.iqn,
        "target_lun": UNIT,
        "target_discovered": False,
        "volume_id": attachment.volume_id,
        "attachment_id": attachment.id,
        "access_mode": "ro" if attachment.read_only else "rw",
        "encrypted": False,
        "qos_specs": None,
    }
    if attachment.by_hand and call.caller.is_admin:
        connection["auth_method"] = "CHAP"
        connection["auth_username"] = attachment.username
        connection["auth_password"] = attachment.password
    return connection


def render_attachment(call: Call[Any], attachment: Attachment) -> dict[str, Any]:
    """An attachment with how it is connected."""
    is_connected = attachment.exported and (not attachment.by_hand or attachment.connector)
    return {
        **_render_short(attachment),
        "attached_at": print_time(attachment.attached_at),
        "detached_at": None,
        "attach_mode": "ro" if attachment.read_only else "rw",
        "connection_info": render_connection(call, attachment) if is_connected else {},
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
    return {"attachments": [render_attachment(call, one) for one in found], **links}


async def _get_own(call: Call[Any]) -> Attachment:
    project_id = call.caller.visible_project_id
    return await store.get_attachment(call.tx, call.path["attachment_id"], project_id)


async def show_attachment(call: Call[None]) -> dict[str, Any]:
    """One attachment."""
    return {"attachment": render_attachment(call, await _get_own(call))}


async def create_attachment(call: Call[AttachmentCreate]) -> dict[str, Any]:
    """Keep a volume for somebody, or connect to it at once."""
    wanted = call.payload.attachment
    project_id = call.caller.visible_project_id
    volume = await get_volume(call.tx, wanted.volume_uuid, project_id)
    state = AttachmentState.RESERVED if not wanted.connector else AttachmentState.ATTACHING
    mode = wanted.mode or _mode_of(wanted.connector)
    attachment = await operations.make_by_hand(
        call.tx,
        volume,
        server_id=wanted.instance_uuid or "",
        device=str((wanted.connector or {}).get("mountpoint") or ""),
        read_only=mode == "ro",
        connector=wanted.connector or None,
        state=state,
    )
    return {"attachment": render_attachment(call, attachment)}


async def update_attachment(call: Call[AttachmentUpdate]) -> dict[str, Any]:
    """Connect to a volume that is kept."""
    attachment, connector = await _get_own(call), call.payload.attachment.connector
    if not connector:
        raise InvalidRequest("cannot connect without a connector: say who connects")
    if attachment.state is AttachmentState.ATTACHED:
        raise InvalidRequest("cannot connect an attachment that is attached already")
    changed = await operations.change_by_hand(
        call.tx,
        attachment,
        connector=connector,
        device=str(connector.get("mountpoint") or attachment.device).removeprefix("/dev/"),
        read_only=attachment.read_only or _mode_of(connector) == "ro",
        state=AttachmentState.ATTACHING,
    )
    return {"attachment": render_attachment(call, changed)}


async def complete_attachment(call: Call[Any]) -> None:
    """Say that a volume is in use now."""
    attachment = await _get_own(call)
    if attachment.state is not AttachmentState.ATTACHING:
        raise InvalidRequest(
            f"cannot complete the attachment '{attachment.id}': it is {attachment.state}, "
            "it must be attaching"
        )
    await operations.change_by_hand(call.tx, attachment, state=AttachmentState.ATTACHED)


async def delete_attachment(call: Call[None]) -> dict[str, Any]:
    """End an attachment; one that a server has is ended through the compute API only."""
    attachment = await _get_own(call)
    await operations.end_by_hand(call.tx, attachment)
    held = (await store.list_of_volumes(call.tx, [attachment.volume_id])).get(
        attachment.volume_id, []
    )
    return {"attachments": [_render_short(one) for one in held if one.id != attachment.id]}


def _mode_of(connector: dict[str, Any] | None) -> str:
    mode = (connector or {}).get("mode") or "rw"
    if mode not in ("ro", "rw"):
        raise InvalidRequest(f"cannot attach with the mode '{mode}': it is ro or rw")
    return str(mode)
