"""What is promised of the volumes of some types."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QosSpecs:
    """One specification; volume types name it."""

    id: str
    name: str
    consumer: str
    """Who keeps it: front-end (the host's hypervisor), back-end or both."""
    specs: Mapping[str, str]
    created_at: datetime.datetime
    updated_at: datetime.datetime | None = None
