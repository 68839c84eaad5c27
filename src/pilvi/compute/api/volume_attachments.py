"""Volumes of a server."""

from typing import Any

import msgspec

from pilvi.compute.api.links import actor
from pilvi.compute.api.server_wire import Tag
from pilvi.compute.api.servers import get_called
from pilvi.compute.model.server import Server, ServerVolume
from pilvi.compute.operations import volumes as operations
from pilvi.compute.operations.volume_wish import VolumeWish
from pilvi.core.http import Call, Reply
from pilvi.core.numbers import parse_whole
from pilvi.errors import Conflict, InvalidRequest, Unsupported


class AttachmentFields(msgspec.Struct, forbid_unknown_fields=True):
    """A volume to attach."""

    volumeId: str
    device: str | None = None
    tag: Tag | None = None
    delete_on_termination: bool = False


class AttachmentCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST os-volume_attachments."""

    volumeAttachment: AttachmentFields


class AttachmentChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed; the rest must be as it is."""

    volumeId: str
    id: str | None = None
    serverId: str | None = None
    device: str | None = None
    tag: str | None = None
    delete_on_termination: bool | None = None


class AttachmentUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT os-volume_attachments/{volume_id}."""

    volumeAttachment: AttachmentChange


def _render(server: Server, volume: ServerVolume) -> dict[str, Any]:
    return {
        "serverId": server.id,
        "volumeId": volume.volume_id,
        "device": f"/dev/{volume.device}",
        "tag": volume.tag,
        "delete_on_termination": volume.delete_on_termination,
    }


def _render_with_ids(server: Server, volume: ServerVolume) -> dict[str, Any]:
    ids = {"attachment_id": volume.attachment_id, "bdm_uuid": volume.attachment_id}
    return {**_render(server, volume), **ids}


async def list_volume_attachments(call: Call[None]) -> dict[str, Any]:
    """The volumes of a server."""
    server = await get_called(call)
    start, limit = _whole(call, "offset", 0), _whole(call, "limit", 1000)
    rows = [_render_with_ids(server, volume) for volume in server.volumes]
    return {"volumeAttachments": rows[start : start + limit]}


def _whole(call: Call[None], name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    number = parse_whole(text, digits_max=9)
    if number is None:
        raise InvalidRequest(f"cannot read '{name}': it is a whole number")
    return number


async def show_volume_attachment(call: Call[None]) -> dict[str, Any]:
    """One volume of a server."""
    server = await get_called(call)
    volume = operations.find_volume(server, call.path["volume_id"])
    return {"volumeAttachment": _render_with_ids(server, volume)}


async def create_volume_attachment(call: Call[AttachmentCreate]) -> Reply:
    """Give a server a volume."""
    fields, server = call.payload.volumeAttachment, await get_called(call)
    wish = VolumeWish(
        volume_id=fields.volumeId,
        device=fields.device,
        tag=fields.tag,
        delete_on_termination=fields.delete_on_termination,
    )
    if server.host_id is None and "shelved-volumes" not in call.flags:
        raise Conflict("cannot attach a volume to a shelved server before version 2.20")
    volume = await operations.attach_volume(call.tx, server, wish, actor(call))
    if "attach-accepted" in call.flags:
        return Reply(status=202)
    return Reply({"volumeAttachment": {"id": volume.volume_id, **_render(server, volume)}})


async def update_volume_attachment(call: Call[AttachmentUpdate]) -> None:
    """Say whether a volume goes with its server."""
    fields, server = call.payload.volumeAttachment, await get_called(call)
    volume = operations.find_volume(server, call.path["volume_id"])
    if fields.volumeId != volume.volume_id:
        raise Unsupported("cannot swap one volume for another: detach it and attach the other")
    if fields.serverId not in (None, server.id) or (
        fields.device not in (None, f"/dev/{volume.device}")
    ):
        raise InvalidRequest("cannot change serverId or device of an attachment")
    if fields.tag not in (None, volume.tag):
        raise InvalidRequest("cannot change the tag of an attachment")
    if fields.delete_on_termination is not None:
        await operations.update_attachment(
            call.tx, server, volume.volume_id, delete_on_termination=fields.delete_on_termination
        )


async def delete_volume_attachment(call: Call[None]) -> None:
    """Take a volume from a server."""
    server = await get_called(call)
    await operations.detach_volume(call.tx, server, call.path["volume_id"], actor(call))
