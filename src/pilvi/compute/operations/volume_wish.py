"""What a caller wants of a volume that a server gets."""

from dataclasses import dataclass, field

from pilvi.block_storage.operations.sources import SourceWish


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeWish:
    """A volume that a server gets: one that is there, or one that is made for it."""

    volume_id: str = ""
    """Empty: it is made."""
    device: str | None = None
    tag: str | None = None
    delete_on_termination: bool = False
    boots: bool = False
    """Whether the server boots from it."""
    source: SourceWish = field(default_factory=SourceWish)
    """What one that is made is a copy of."""
    size_gib: int | None = None
    volume_type: str | None = None
