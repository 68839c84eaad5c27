"""A copy of a server's disk on its way to become an image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One capture. The row goes when the image has its bytes, or has failed, and no host works."""

    image_id: str
    server_id: str
    project_id: str
    host_id: str
    device: str
    present: bool
    """Whether the capture is still wanted."""
    reason: str
    """Why it is not wanted any more, for the image; empty when its bytes arrived."""
    backup_type: str | None = None
    """Of a backup: the series that it belongs to."""
    rotation: int | None = None
    """Of a backup: how many of its series are kept, once it is there."""
