"""A project with which an image is shared."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from pilvi.image.model.image import ImageId


class MemberStatus(StrEnum):
    """Whether the project wants the image in its list."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Member:
    """One membership."""

    image_id: ImageId
    member_id: str
    status: MemberStatus
    created_at: datetime.datetime
    updated_at: datetime.datetime
