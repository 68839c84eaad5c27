"""Volumes kept on one host, the targets through which they are reached, and copies of them."""

from enum import StrEnum

import msgspec

from pilvi.host_api.vms import ImageSource


class SourceKind(StrEnum):
    """What a volume's first bytes are a copy of."""

    IMAGE = "image"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    BACKUP = "backup"


class VolumeSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a volume's first bytes come from; what lies behind them is zeros."""

    kind: SourceKind
    id: str
    image: ImageSource | None = None
    """How the image is fetched and opened, when `kind` is image."""
    backups: list[str] = []
    """Ids from the full backup to this one, oldest first, when `kind` is backup."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One iSCSI target for one attachment, with a CHAP account of its own."""

    attachment_id: str
    iqn: str
    lun: int
    username: str
    password: str
    read_only: bool = False


class VolumeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A volume: a sparse file of zeros, or a copy of its source, until somebody writes to it."""

    volume_id: str
    project_id: str
    size_bytes: int
    exports: list[Export]
    content_generation: int = 1
    """Raised to have the whole content replaced by `source`: revert, restore."""
    source: VolumeSource | None = None


class VolumeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the host sees of one volume."""

    size_bytes: int
    used_bytes: int
    portal: str
    """HOST:PORT under which its targets answer."""
    exported: list[str]
    """Attachment ids whose targets answer."""
    content_generation: int = 1
    """Of the content that is whole."""


class SnapshotSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A volume as it is at one moment, kept beside it on the same host."""

    snapshot_id: str
    volume_id: str
    project_id: str
    must_exist: bool = False
    """Whether it was whole before: it is never made again, of newer bytes."""


class SnapshotSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the host sees of one snapshot."""

    size_bytes: int
    used_bytes: int


class BackupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a volume or snapshot holds, written to the backup directory."""

    backup_id: str
    """Name of its folder; another than the assignment's id for one that was there before."""
    project_id: str
    volume_id: str
    snapshot_id: str | None = None
    """The snapshot that is backed up in place of the volume."""
    parents: list[str] = []
    """Ids from the full backup to the one before this, oldest first; empty: this one is full."""
    must_exist: bool = False
    """Whether it was whole before: it is never made again, of newer bytes."""


class BackupSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the host sees of one backup."""

    size_bytes: int
    used_bytes: int
    blocks: int
    """How many blocks this backup itself holds."""


class VolumeUploadSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of a volume, sent to the image store; one-shot, named by the image's id."""

    image_id: str
    volume_id: str
    project_id: str
    disk_format: str
    """`raw` or `qcow2`."""


class VolumeUploadSeen(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is."""

    state: str
    """`copying`, `sending`, `sent`."""
