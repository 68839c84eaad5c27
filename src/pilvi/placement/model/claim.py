"""What a consumer holds."""

from collections.abc import Mapping
from dataclasses import dataclass

CONSUMER_TYPE = "INSTANCE"
"""Type of every consumer: servers are all that claims anything."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The whole claim of one consumer on one provider."""

    consumer_id: str
    project_id: str
    user_id: str
    provider_id: str
    resources: Mapping[str, int]
    generation: int
    """Raised with every change of the claim."""
