"""Volumes of servers. In the caller's transaction."""

import dataclasses

from pilvi.block_storage.operations.attachments import begin_detach, reserve_attachment
from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.server import Server, ServerVolume
from pilvi.compute.model.server_name import choose_device
from pilvi.compute.operations.servers import change_desired, record_action
from pilvi.compute.operations.volume_wish import VolumeWish
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound


def list_devices(server: Server) -> set[str]:
    """The devices that a server's disks have. Pure."""
    return server.local_names | {volume.device for volume in server.volumes}


def find_volume(server: Server, volume_id: str) -> ServerVolume:
    """The attachment of a volume that a server has. Raises `NotFound`. Pure."""
    for volume in server.volumes:
        if volume.volume_id == volume_id and volume.present:
            return volume
    raise NotFound(f"cannot find the volume '{volume_id}' on server {server.id}")


async def attach_volume(
    tx: Transaction, server: Server, wish: VolumeWish, by: Actor
) -> ServerVolume:
    """Give a server a volume. Raises `InvalidRequest` when it is not available."""
    require(Action.ATTACH_VOLUME, server, is_admin=by.is_admin)
    if any(volume.volume_id == wish.volume_id for volume in server.volumes):
        raise InvalidRequest(f"cannot attach volume {wish.volume_id}: this server has it")
    device = choose_device(wish.device, list_devices(server))
    try:
        attachment = await reserve_attachment(
            tx,
            volume_id=wish.volume_id,
            server_id=server.id,
            project_id=None if by.is_admin else by.project_id,
            device=device,
        )
    except Conflict as error:
        # Nova answers 400 to a volume that is not available.
        raise InvalidRequest(error.message) from None
    volume = ServerVolume(
        attachment_id=attachment.id,
        volume_id=wish.volume_id,
        device=device,
        tag=wish.tag,
        delete_on_termination=wish.delete_on_termination,
    )
    await record_action(tx, server, Action.ATTACH_VOLUME, by)
    await change_desired(tx, server, volumes=(*server.volumes, volume))
    return volume


async def detach_volume(tx: Transaction, server: Server, volume_id: str, by: Actor) -> None:
    """Take a volume from a server. Raises `NotFound`, `Conflict`."""
    volume = find_volume(server, volume_id)
    require(Action.DETACH_VOLUME, server, is_admin=by.is_admin)
    if volume.boots:
        raise Forbidden(f"cannot detach volume {volume_id}: the server boots from it")
    await begin_detach(tx, volume.attachment_id)
    await record_action(tx, server, Action.DETACH_VOLUME, by)
    await _replace(tx, server, dataclasses.replace(volume, present=False))


async def update_attachment(
    tx: Transaction, server: Server, volume_id: str, *, delete_on_termination: bool
) -> None:
    """Say whether the volume goes with the server."""
    volume = find_volume(server, volume_id)
    changed = dataclasses.replace(volume, delete_on_termination=delete_on_termination)
    await _replace(tx, server, changed)


async def _replace(tx: Transaction, server: Server, changed: ServerVolume) -> None:
    volumes = tuple(
        changed if one.attachment_id == changed.attachment_id else one for one in server.volumes
    )
    await change_desired(tx, server, volumes=volumes)
