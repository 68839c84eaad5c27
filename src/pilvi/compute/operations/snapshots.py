"""Images made of servers. In the caller's transaction."""

import contextlib
import dataclasses
from dataclasses import dataclass, field

from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.flavor import ROOT_DEVICE
from pilvi.compute.model.server import Server
from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.operations.servers import record_action
from pilvi.compute.operations.volume_images import create_volume_image
from pilvi.compute.store import servers
from pilvi.compute.store import snapshots as store
from pilvi.core.db import Transaction
from pilvi.core.paging import Page
from pilvi.errors import Conflict, Forbidden, InvalidRequest, NotFound
from pilvi.image.model.image import Viewer
from pilvi.image.model.image_filter import ImageFilter
from pilvi.image.operations.images import create_image_record, delete_image, get_image, list_images

DISK_FORMAT = "qcow2"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupWish:
    """A copy of a server's disk, of which a series keeps so many."""

    name: str
    backup_type: str
    rotation: int
    metadata: dict[str, str] = field(default_factory=dict)


async def create_image(
    tx: Transaction, server: Server, name: str, metadata: dict[str, str], by: Actor
) -> str:
    """Begin to copy a server's disk into a new image; returns the image's id."""
    require(Action.CREATE_IMAGE, server, is_admin=by.is_admin)
    properties = {**snapshot_properties(server, by.user_id), **metadata}
    await record_action(tx, server, Action.CREATE_IMAGE, by)
    if server.image is None:
        tx.wake("server", server.id)
        return await create_volume_image(tx, server, name, properties, by)
    return await _begin_copy(tx, server, name, properties, by)


async def create_backup(tx: Transaction, server: Server, wish: BackupWish, by: Actor) -> str | None:
    """Begin to copy a server's disk into a backup, and remove the oldest over `rotation`.

    Returns the image's id; None when `rotation` is 0, which only removes.
    """
    require(Action.CREATE_BACKUP, server, is_admin=by.is_admin)
    if server.image is None:
        raise InvalidRequest(
            "cannot back up a server that boots from a volume: back the volume up instead"
        )
    mark = {
        **wish.metadata,
        **snapshot_properties(server, by.user_id),
        "image_type": "backup",
        "backup_type": wish.backup_type,
    }
    await record_action(tx, server, Action.CREATE_BACKUP, by)
    if wish.rotation:
        return await _begin_copy(tx, server, wish.name, mark, by, wish)
    await rotate_backups(tx, (by.project_id, server.id), wish.backup_type, 0)
    tx.wake("server", server.id)
    return None


async def rotate_backups(
    tx: Transaction, place: tuple[str, str], backup_type: str, rotation: int
) -> None:
    """Remove the oldest backups of a series but so many; one that is protected stays.

    `place` is the project that they belong to and the server: anybody's image may say to be one.
    """
    project_id, server_id = place
    viewer = Viewer("", is_admin=True)
    wanted = ImageFilter(
        anyof=(("status", ("active",)), ("owner", (project_id,))),
        properties=(
            ("image_type", "backup"),
            ("backup_type", backup_type),
            ("instance_uuid", server_id),
        ),
    )
    newest_first = Page(limit=None, sorts=(("created_at", True),))
    found, _ = await list_images(tx, viewer, wanted, newest_first)
    for image in found[rotation:]:
        with contextlib.suppress(NotFound, Forbidden):
            await delete_image(tx, viewer, image.id)


def snapshot_properties(server: Server, user_id: str) -> dict[str, str]:
    """What an image made of a server says of where it comes from. Pure."""
    return {
        "image_type": "snapshot",
        "instance_uuid": server.id,
        "base_image_ref": server.image.image_id if server.image else "",
        "user_id": user_id,
    }


async def _begin_copy(  # noqa: PLR0913  # who asks, for what, under which name
    tx: Transaction,
    server: Server,
    name: str,
    properties: dict[str, str],
    by: Actor,
    backup: BackupWish | None = None,
) -> str:
    if server.host_id is None:
        raise Conflict(f"cannot copy the disk of server {server.id}: it has none on a host")
    image = await create_image_record(
        tx,
        owner=by.project_id,
        name=name,
        disk_format=DISK_FORMAT,
        properties=properties,
        min_disk_gib=server.flavor.disk_gib,
        min_ram_mib=await _memory_of_base(tx, server),
    )
    await store.insert_snapshot(
        tx,
        Snapshot(
            image_id=image.id,
            server_id=server.id,
            project_id=by.project_id,
            host_id=server.host_id,
            device=ROOT_DEVICE,
            present=True,
            reason="",
            backup_type=backup.backup_type if backup else None,
            rotation=backup.rotation if backup else None,
        ),
    )
    await refresh_capturing(tx, server)
    tx.wake("snapshot", image.id)
    return image.id


async def _memory_of_base(tx: Transaction, server: Server) -> int:
    """What the image that a server was made of needs, as long as that image is there."""
    with contextlib.suppress(NotFound):
        if server.image is not None and server.image.image_id:
            return (await get_image(tx, server.image.image_id, None)).min_ram_mib
    return 0


async def refresh_capturing(tx: Transaction, server: Server) -> None:
    """Let a server's state say whether captures of it are on their way. Repeatable."""
    is_capturing = await store.count_snapshots(tx, server.id) > 0
    if server.observed.is_capturing != is_capturing:
        observed = dataclasses.replace(server.observed, is_capturing=is_capturing)
        await servers.update_server(tx, server, observed=observed)
    tx.wake("server", server.id)
