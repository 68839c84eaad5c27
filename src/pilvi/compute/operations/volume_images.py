"""Images of servers that boot from a volume: no bytes, but the snapshots of their volumes.

Source: Nova user documentation, "Launch an instance from a volume"; the properties are Nova's, so
that clients that know its images know these. In the caller's transaction.
"""

import json

from pilvi.block_storage.operations.snapshots import NewSnapshot, create_snapshot
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.compute.model.action import Actor
from pilvi.compute.model.server import Server
from pilvi.compute.operations.volume_mapping import MAPPING
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest
from pilvi.image.operations.images import create_reference_image


async def create_volume_image(
    tx: Transaction, server: Server, name: str, properties: dict[str, str], by: Actor
) -> str:
    """Snapshots of all volumes of a server, and an image that names them; the image's id.

    Raises `Conflict` when a volume cannot be copied now, and `QuotaExceeded`.
    """
    devices = []
    for one in sorted(server.volumes, key=lambda one: not one.boots):
        if not one.present:
            continue
        volume = await get_volume(tx, one.volume_id, None)
        wanted = NewSnapshot(user_id=by.user_id, name=f"snapshot for {name}"[:255], force=True)
        try:
            snapshot = await create_snapshot(tx, volume, wanted)
        except InvalidRequest as error:
            raise Conflict(error.message) from None
        devices.append(
            {
                "source_type": "snapshot",
                "destination_type": "volume",
                "device_type": "disk",
                "disk_bus": "virtio",
                "snapshot_id": snapshot.id,
                "volume_size": volume.current_size_gib,
                "boot_index": 0 if one.boots else None,
                "device_name": f"/dev/{one.device}",
                "delete_on_termination": one.delete_on_termination,
                "tag": one.tag,
            }
        )
    mapping = {
        MAPPING: json.dumps(devices),
        "bdm_v2": "True",
        "root_device_name": f"/dev/{server.root_device}",
    }
    image = await create_reference_image(
        tx, owner=by.project_id, name=name, properties={**properties, **mapping}
    )
    return image.id
