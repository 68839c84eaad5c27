"""One volume kept on one host, and the targets through which it is reached."""

import msgspec


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One iSCSI target for one attachment, with a CHAP account of its own."""

    attachment_id: str
    iqn: str
    lun: int
    username: str
    password: str
    read_only: bool = False


class VolumeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A volume: a sparse file of zeros until somebody writes to it."""

    volume_id: str
    project_id: str
    size_bytes: int
    exports: list[Export]


class VolumeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the host sees of one volume."""

    size_bytes: int
    used_bytes: int
    portal: str
    """HOST:PORT under which its targets answer."""
    exported: list[str]
    """Attachment ids whose targets answer."""
