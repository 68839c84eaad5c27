"""Ranges of segmentation ids that admins give to projects (Neutron API, "Network Segment Ranges").

A new network takes its id from a range of its project, else from a shared one. Without shared
ranges the others take theirs from what is in no range at all.
"""

import datetime
from dataclasses import dataclass
from typing import NewType

SegmentRangeId = NewType("SegmentRangeId", str)

# Free ids that a range shows. Higher: replies of megabytes for a wide range.
AVAILABLE_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRange:
    """One range, both ends in it."""

    id: SegmentRangeId
    project_id: str
    """Whose networks it is for; empty where it is shared."""
    name: str
    description: str
    is_shared: bool
    network_type: str
    minimum: int
    maximum: int
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def span(self) -> tuple[int, int]:
        """First and last id."""
        return self.minimum, self.maximum
