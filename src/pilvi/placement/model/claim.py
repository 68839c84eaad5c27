"""What a consumer holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pilvi.placement.model.resources import Amounts

CONSUMER_TYPE = "INSTANCE"
"""Type of the consumers that are servers."""
UNKNOWN_TYPE = "unknown"
"""What a consumer that was written without a type is called in replies."""
NOBODY = "00000000-0000-0000-0000-000000000000"
"""Project and user of a consumer that was written before they had to be named."""


class Generation(Enum):
    """A consumer's generation that a request cannot name, as its version has none."""

    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Claim:
    """The whole claim of one consumer."""

    consumer_id: str
    project_id: str
    user_id: str
    held: Mapping[str, Amounts]
    """Of each provider: how much, by resource class."""
    generation: int
    """Raised with every change of the claim."""
    consumer_type: str | None = CONSUMER_TYPE
    is_servers: bool = True
    """Whether it follows a server; then nobody else changes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWish:
    """What somebody wants a consumer to hold; nothing at all forgets the consumer."""

    consumer_id: str
    project_id: str
    user_id: str
    held: Mapping[str, Amounts]
    generation: int | None | Generation
    """The one that the consumer must have; None: it must not be there."""
    consumer_type: str | None = None
