"""Volumes and attachments as values, for tests of what is pure and of what is stored."""

import datetime
from typing import Any

from pilvi.block_storage.model.attachment import Attachment, AttachmentId, AttachmentState
from pilvi.block_storage.model.volume import Volume, VolumeId, VolumeStatus

MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def make_volume(id: str = "volume", **values: Any) -> Volume:
    """A volume that is available, unless told otherwise."""
    chosen: dict[str, Any] = {
        "id": VolumeId(id),
        "project_id": "project",
        "user_id": "user",
        "name": id,
        "description": None,
        "size_gib": 1,
        "volume_type_id": "type",
        "availability_zone": "nova",
        "bootable": False,
        "present": True,
        "generation": 1,
        "desired_at": MOMENT,
        "created_at": MOMENT,
        "updated_at": None,
        "host_id": "host",
        "seen_size_gib": 1,
        "error": "",
        "failed": False,
        "status": VolumeStatus.AVAILABLE,
        **values,
    }
    return Volume(**chosen)


def make_attachment(id: str = "attachment", **values: Any) -> Attachment:
    """An attachment whose target nobody has made yet, unless told otherwise."""
    chosen: dict[str, Any] = {
        "id": AttachmentId(id),
        "volume_id": "volume",
        "server_id": "server",
        "project_id": "project",
        "device": "vdc",
        "read_only": False,
        "state": AttachmentState.ATTACHING,
        "present": True,
        "username": "user-of-" + id,
        "password": "secret-of-" + id,
        "created_at": MOMENT,
        "attached_at": None,
        "iqn": "",
        "exported": False,
        "portal": "",
        **values,
    }
    return Attachment(**chosen)
