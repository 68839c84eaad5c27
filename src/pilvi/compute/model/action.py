"""Who asked what of a server, and how it went."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and in which request: what an action record keeps."""

    user_id: str
    project_id: str
    request_id: str
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One request that changed a server. `result` is empty until it is over."""

    server_id: str
    request_id: str
    action: str
    user_id: str
    project_id: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    result: str
    message: str | None
    host_id: str | None

    @property
    def updated_at(self) -> datetime.datetime:
        """When the record last changed."""
        return self.finished_at or self.started_at
