"""Which images of a list are asked for."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from pilvi.image.model.image import Visibility
from pilvi.image.model.member import MemberStatus


class TimeOperator(StrEnum):
    """How a moment is compared."""

    GT = "gt"
    GTE = "gte"
    EQ = "eq"
    NEQ = "neq"
    LT = "lt"
    LTE = "lte"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """Every condition holds at once."""

    anyof: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Column names, each with the values that it may have."""
    numbers: tuple[tuple[str, int], ...] = ()
    """Column names with the number they equal."""
    size_bytes_min: int | None = None
    size_bytes_max: int | None = None
    times: tuple[tuple[str, TimeOperator, datetime.datetime], ...] = ()
    tags: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    protected: bool | None = None
    hidden: bool = False
    visibility: Visibility | None = None
    all_visibilities: bool = False
    """Whether other projects' community images are listed too."""
    member_status: MemberStatus | None = MemberStatus.ACCEPTED
    """Status of the caller's membership in shared images; None is any."""
