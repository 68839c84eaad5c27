"""Servers on paper."""

import uuid
from typing import Any

from pilvi.compute.model.flavor import SEEDS
from pilvi.compute.model.server import Server, ServerId
from pilvi.core.db import now
from pilvi.host_api.vms import ImageSource

IMAGE = ImageSource(
    image_id="image-1",
    disk_format="qcow2",
    size_bytes=1000,
    sha512="00",
    virtual_size_bytes=1 << 20,
)


def blank_server(**values: Any) -> Server:
    """A server that was just asked for."""
    moment = now()
    chosen: dict[str, Any] = {
        "id": ServerId(str(uuid.uuid4())),
        "project_id": "project-1",
        "user_id": "user-1",
        "name": "one",
        "hostname": "one",
        "description": None,
        "created_at": moment,
        "updated_at": moment,
        "reservation_id": "r-1",
        "launch_index": 0,
        "flavor": next(flavor for flavor in SEEDS if flavor.name == "p1.nano"),
        "image": IMAGE,
        "key": None,
        "user_data": None,
        "config_drive": False,
        "availability_zone": None,
        "wanted_host": None,
        "requests": (),
        "security_groups": ("default",),
        **values,
    }
    return Server(**chosen)
