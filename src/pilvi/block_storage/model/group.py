"""Volumes that belong together, the kinds of such groups, and snapshots of them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SNAPSHOT_GROUP_TYPE = "default_cgsnapshot_type"
"""The type of groups whose snapshots are taken together, as Cinder names it."""


class GroupStatus(StrEnum):
    """What a user sees of a group or of a snapshot of one."""

    CREATING = "creating"
    AVAILABLE = "available"
    DELETING = "deleting"
    ERROR = "error"
    ERROR_DELETING = "error_deleting"
    UPDATING = "updating"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupType:
    """One kind of groups."""

    id: str
    name: str
    description: str | None
    is_public: bool
    group_specs: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime.datetime
    updated_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of volumes; which they are, the volumes say."""

    id: str
    project_id: str
    user_id: str
    name: str | None
    description: str | None
    group_type_id: str
    volume_type_ids: Sequence[str]
    availability_zone: str
    group_snapshot_id: str | None = None
    source_group_id: str | None = None
    present: bool = True
    """Whether it is wished at all; the row goes with its last volume."""
    marked_status: str | None = None
    created_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSnapshot:
    """Snapshots of all volumes of a group, taken together."""

    id: str
    project_id: str
    user_id: str
    group_id: str
    group_type_id: str
    name: str | None
    description: str | None
    present: bool = True
    """Whether it is wished at all; the row goes with its last snapshot."""
    marked_status: str | None = None
    created_at: datetime.datetime


def group_status(group: Group | GroupSnapshot, parts: Sequence[str]) -> str:
    """What a user sees of a group with parts (volumes or snapshots) of these statuses. Pure."""
    if not group.present:
        failed = GroupStatus.ERROR_DELETING in parts
        return GroupStatus.ERROR_DELETING if failed else GroupStatus.DELETING
    if group.marked_status is not None:
        return group.marked_status
    if GroupStatus.ERROR in parts:
        return GroupStatus.ERROR
    if GroupStatus.CREATING in parts:
        return GroupStatus.CREATING
    return GroupStatus.AVAILABLE
