"""Images made of servers. In the caller's transaction."""

import dataclasses

from pilvi.compute.model.action import Actor
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.flavor import ROOT_DEVICE
from pilvi.compute.model.server import Server
from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.operations.servers import record_action
from pilvi.compute.store import servers
from pilvi.compute.store import snapshots as store
from pilvi.core.db import Transaction
from pilvi.errors import Conflict
from pilvi.image.operations.images import create_image_record

DISK_FORMAT = "qcow2"


async def create_image(
    tx: Transaction, server: Server, name: str, metadata: dict[str, str], by: Actor
) -> str:
    """Begin to copy a server's disk into a new image; returns the image's id."""
    require(Action.CREATE_IMAGE, server, is_admin=by.is_admin)
    if server.host_id is None:
        raise Conflict(f"cannot create an image of server {server.id}: it has no disk")
    properties = {
        **metadata,
        "image_type": "snapshot",
        "instance_uuid": server.id,
        "base_image_ref": server.image.image_id,
        "user_id": by.user_id,
    }
    image = await create_image_record(
        tx,
        owner=by.project_id,
        name=name,
        disk_format=DISK_FORMAT,
        properties=properties,
        min_disk_gib=server.flavor.disk_gib,
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
        ),
    )
    await record_action(tx, server, Action.CREATE_IMAGE, by)
    await refresh_capturing(tx, server)
    tx.wake("snapshot", image.id)
    return image.id


async def refresh_capturing(tx: Transaction, server: Server) -> None:
    """Let a server's state say whether captures of it are on their way. Repeatable."""
    is_capturing = await store.count_snapshots(tx, server.id) > 0
    if server.observed.is_capturing != is_capturing:
        observed = dataclasses.replace(server.observed, is_capturing=is_capturing)
        await servers.update_server(tx, server, observed=observed)
    tx.wake("server", server.id)
