"""A record of a server's way to another flavor or host: kept for admins after it is over."""

import datetime
from dataclasses import dataclass
from enum import StrEnum


class MigrationStatus(StrEnum):
    """How far it is, as the API names it."""

    ACCEPTED = "accepted"
    MIGRATING = "migrating"
    FINISHED = "finished"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    DONE = "done"
    ERROR = "error"


class MigrationType(StrEnum):
    """What was asked for."""

    RESIZE = "resize"
    MIGRATION = "migration"
    EVACUATION = "evacuation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One resize or migration; `number` is its id in older versions of the API."""

    number: int
    id: str
    server_id: str
    project_id: str
    user_id: str
    type: MigrationType
    status: MigrationStatus
    source_host_id: str
    target_host_id: str | None
    """None until a host is chosen."""
    old_flavor_id: str
    new_flavor_id: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
