"""Kinds of volumes to choose from; all are kept alike."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

VolumeTypeId = NewType("VolumeTypeId", str)

DEFAULT_TYPE = "__DEFAULT__"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeType:
    """One volume type."""

    id: VolumeTypeId
    name: str
    description: str | None
    is_public: bool
    extra_specs: Mapping[str, str]
    created_at: datetime.datetime
    updated_at: datetime.datetime | None
