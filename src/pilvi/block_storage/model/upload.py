"""A volume on its way into the image store."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUpload:
    """One upload; the row goes when the image has its bytes, or has failed, and no host works."""

    image_id: str
    volume_id: str
    project_id: str
    disk_format: str
    host_id: str
    present: bool = True
    """Whether it is still wanted."""
    created_at: datetime.datetime
