"""Keeps the derived status beside what it is derived from. In the caller's transaction."""

from pilvi.block_storage.model.volume import Volume, VolumeId, status
from pilvi.block_storage.store import attachments, volumes
from pilvi.core.db import Transaction, now


async def save_status(tx: Transaction, id: str) -> Volume | None:
    """Derive a volume's status anew and keep it; the volume as it is now, or None. Repeatable."""
    volume = await volumes.find_volume(tx, id)
    if volume is None:
        return None
    found = status(volume, (await attachments.list_of_volumes(tx, [id])).get(id, []))
    if found is not volume.status:
        await volumes.update_volume(tx, VolumeId(id), status=found, updated_at=now())
        return await volumes.find_volume(tx, id)
    return volume
