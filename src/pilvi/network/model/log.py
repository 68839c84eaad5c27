"""Logs: of which packets of a project's ports hosts write down what security groups did. Pure."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

LogId = NewType("LogId", str)

SECURITY_GROUP = "security_group"
"""The one kind of resource that can be logged."""


class Event(StrEnum):
    """What is logged."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"
    ALL = "ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One wish for a log."""

    id: LogId
    project_id: str
    name: str
    description: str
    is_enabled: bool
    event: Event
    resource_id: str | None
    """A security group; None is any."""
    target_id: str | None
    """A port; None is any."""
    generation: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


def logged_events(
    logs: Sequence[Log], project_id: str, port_id: str, group_ids: Collection[str]
) -> list[str]:
    """What hosts log of one port: `ACCEPT`, `DROP` or both. Pure."""
    events = {
        log.event
        for log in logs
        if log.is_enabled
        and log.project_id == project_id
        and log.target_id in (None, port_id)
        and (log.resource_id is None or log.resource_id in group_ids)
    }
    return [event for event in (Event.ACCEPT, Event.DROP) if not events.isdisjoint((event, "ALL"))]
