"""Bytes on their way into the store."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from pilvi.image.model.image import ImageId


class Purpose(StrEnum):
    """What happens when the bytes are whole."""

    UPLOAD = "upload"
    """The image becomes active."""
    STAGE = "stage"
    """They wait for the import call."""
    DOWNLOAD = "download"
    """The image becomes active; its task says so when they do not come."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of bytes that passed the gate."""

    size_bytes: int
    virtual_size_bytes: int
    sha512: str
    checksum: str
    """md5, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One upload, recorded before its first byte; the name of its incoming file is its id."""

    id: str
    image_id: ImageId
    owner: str
    purpose: Purpose
    started_at: datetime.datetime
    reserved_bytes: int
    """What it counts in the owner's quota."""
    stored: Stored | None = None
    """Known once every byte was seen."""
    finished: bool = False
    """Staged bytes are in the store and nobody writes any more."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How large an upload may be."""

    size_bytes_max: int
    virtual_size_bytes_max: int
