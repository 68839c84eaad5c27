"""One file of the image store, as an audit lists it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is really there."""

    folder: str
    """blobs, incoming or trash."""
    name: str
    bytes: int
    """Bytes that it takes of the disk."""
    since: float
    """Seconds since the epoch when it came to be or changed last."""
    is_written: bool
    """Whether somebody writes it at this moment."""
    size_bytes: int | None = None
    """Bytes that a reader gets, holes and all; None is not known."""
