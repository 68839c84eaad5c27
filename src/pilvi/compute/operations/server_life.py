"""Servers: what changes their life beyond power: suspended, rescued, rebuilt, shelved.

In the caller's transaction.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from pilvi.block_storage.model.volume import VolumeStatus
from pilvi.block_storage.operations.volumes import check_image_fits, find_image_id, get_volume
from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.server import Server
from pilvi.compute.model.state import Reimage, Rescue
from pilvi.compute.operations.quotas import check_metadata_quota, list_limits
from pilvi.compute.operations.server_create import (
    GIB,
    check_fit,
    check_memory,
    check_user_data,
    find_image,
    find_key,
)
from pilvi.compute.operations.servers import change_desired, record_action
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest
from pilvi.host_api.vms import ImageSource, Power, RebootKind
from pilvi.image.model.image import Image
from pilvi.image.operations.images import image_source


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildWish:
    """A fresh disk, and what else changes with it."""

    image_id: str
    admin_password: str = field(repr=False)
    may_reimage: bool = True
    """Whether a volume that the server boots from is written anew."""
    metadata: dict[str, str] | None = None
    key_name: str | None = None
    changes_key: bool = False
    user_data: str | None = None
    changes_user_data: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    """Of other columns: name, description, hostname, addresses, disk_config."""


async def suspend_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Keep a running guest's memory on its host's disk, and free the host's."""
    require(Action.SUSPEND, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.SUSPEND, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, power=Power.SUSPENDED))


async def resume_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Let a suspended guest go on where it was."""
    require(Action.RESUME, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.RESUME, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, power=Power.RUNNING))


async def rescue_server(
    tx: Transaction, server: Server, image_id: str | None, admin_password: str, by: Actor
) -> None:
    """Boot a server from another image (None: its own), with its own disk beside that."""
    require(Action.RESCUE, server, is_admin=by.is_admin)
    if server.root_volume is not None and image_id is None:
        raise InvalidRequest(
            "cannot rescue a server that boots from a volume without rescue_image_ref"
        )
    chosen = image_id or (server.image.image_id if server.image else "")
    image = await find_image(tx, chosen, None if by.is_admin else by.project_id)
    _check_rescue_image(image, server)
    await _check_rescue_size(tx, image, server)
    generation = server.desired.generation + 1
    await record_action(tx, server, Action.RESCUE, by)
    desired = dataclasses.replace(
        server.desired,
        power=Power.RUNNING,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.SOFT,
        rescue=Rescue(image=image_source(image), generation=generation),
    )
    await change_desired(tx, server, desired, **_password(server, admin_password))


def _check_rescue_image(image: Image, server: Server) -> None:
    if image.status != "active" or image.disk_format not in ("raw", "qcow2"):
        raise InvalidRequest(
            f"cannot rescue with image {image.id}: it is {image.status} and its disk format is "
            f"{image.disk_format}; use an active raw or qcow2 image"
        )
    if image.min_ram_mib > server.flavor.memory_mib:
        raise InvalidRequest(
            f"cannot rescue with image {image.id}: it needs {image.min_ram_mib} MiB of memory"
        )


async def _check_rescue_size(tx: Transaction, image: Image, server: Server) -> None:
    """Raise `InvalidRequest` for a rescue disk larger than the disk that the server boots from."""
    size_gib = server.flavor.disk_gib
    if server.root_volume is not None:
        size_gib = (await get_volume(tx, server.root_volume.volume_id, None)).current_size_gib
    if (image.virtual_size_bytes or 0) > size_gib * GIB:
        raise InvalidRequest(
            f"cannot rescue with image {image.id}: its virtual size of {image.virtual_size_bytes} "
            f"bytes is larger than the server's disk of {size_gib} GiB"
        )


async def unrescue_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Boot a server from its own disk again; the rescue disk goes."""
    require(Action.UNRESCUE, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.UNRESCUE, by)
    desired = dataclasses.replace(
        server.desired,
        power=Power.RUNNING,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.SOFT,
        rescue=None,
    )
    await change_desired(tx, server, desired)


async def rebuild_server(tx: Transaction, server: Server, wish: RebuildWish, by: Actor) -> Server:
    """Give a server fresh disks of an image; ports, addresses and volumes stay.

    As in Nova the ephemeral disk is made anew too, and a stopped server stays stopped.
    """
    require(Action.REBUILD, server, is_admin=by.is_admin)
    image = await find_image(tx, wish.image_id, None if by.is_admin else by.project_id)
    source, reimage = await _choose_content(tx, server, image, wish)
    changes = {**wish.changes, **_password(server, wish.admin_password)}
    if wish.metadata is not None:
        check_metadata_quota(await list_limits(tx, server.project_id), wish.metadata)
        changes["metadata"] = wish.metadata
    if wish.changes_key:
        changes["key"] = await find_key(tx, by.user_id, wish.key_name)
    if wish.changes_user_data:
        check_user_data(wish.user_data)
        changes["user_data"] = wish.user_data
    desired = dataclasses.replace(
        server.desired,
        boot_generation=server.desired.boot_generation + 1,
        boot_kind=RebootKind.HARD,
        image_generation=server.desired.generation + 1,
        rescue=None,
        reimage=reimage,
    )
    await record_action(tx, server, Action.REBUILD, by)
    return await change_desired(
        tx,
        server,
        desired,
        image=source,
        image_properties={} if source is None else dict(image.properties),
        layers={},
        sources={},
        **changes,
    )


async def _choose_content(
    tx: Transaction, server: Server, image: Image, wish: RebuildWish
) -> tuple[ImageSource | None, Reimage | None]:
    """What the disks on the host, or the volume that it boots from, are written anew from.

    Before version 2.93 a volume keeps its bytes, and another image is refused, as in Nova.
    """
    root = server.root_volume
    if root is None:
        check_fit(image, server.flavor)
        return image_source(image), None
    check_memory(image, server.flavor)
    volume = await get_volume(tx, root.volume_id, None)
    if not wish.may_reimage:
        if await find_image_id(tx, volume) != image.id:
            raise InvalidRequest(
                "cannot rebuild a server that boots from a volume with another image before "
                "version 2.93"
            )
        return None, None
    needed_gib = -(-image_source(image).virtual_size_bytes // GIB)
    check_image_fits(volume, max(needed_gib, image.min_disk_gib))
    if volume.status is not VolumeStatus.IN_USE or volume.multiattach:
        raise Conflict(
            f"cannot write an image to the volume {volume.id}: it is {volume.status}"
            + (" and servers may share it" if volume.multiattach else "")
        )
    return None, Reimage(image_id=image.id)


def _password(server: Server, admin_password: str) -> dict[str, str]:
    """It reaches the guest on the config drive, and is kept only where there is one. Pure."""
    return {"admin_password": admin_password} if server.config_drive else {}


async def shelve_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Keep a server's disk as an image and give its host back."""
    require(Action.SHELVE, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.SHELVE, by)
    await change_desired(tx, server, dataclasses.replace(server.desired, shelved=True))


async def offload_server(tx: Transaction, server: Server, by: Actor) -> None:
    """Give a shelved server's host back. It is on its way already: nothing changes."""
    require(Action.SHELVE_OFFLOAD, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.SHELVE_OFFLOAD, by)
    tx.wake("server", server.id)


async def unshelve_server(  # noqa: PLR0913  # what may be chosen anew
    tx: Transaction,
    server: Server,
    by: Actor,
    *,
    zone: str | None,
    changes_zone: bool,
    host: str | None,
) -> None:
    """Boot a shelved server again, on any host."""
    require(Action.UNSHELVE, server, is_admin=by.is_admin)
    await record_action(tx, server, Action.UNSHELVE, by)
    desired = dataclasses.replace(
        server.desired,
        shelved=False,
        power=Power.RUNNING,
        boot_generation=server.desired.boot_generation + 1,
        image_generation=server.desired.generation + 1,
    )
    changes = {"availability_zone": zone} if changes_zone else {}
    await change_desired(tx, server, desired, wanted_host=host, layers={}, **changes)


def require_deleted(server: Server, by: Actor) -> None:
    """Restoring is for servers that are kept after their deletion: none is here."""
    require(Action.RESTORE, server, is_admin=by.is_admin)
