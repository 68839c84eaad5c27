"""A volume: what is wished, what is seen, and the status that follows.

creating ──> available <──> attaching ──> in-use ──> detaching ──> available
    │            │  ├──> extending ──> available (or error_extending)
    │            │  ├──> reverting, restoring-backup ──> available (or error)
    │            │  └──> uploading, backing-up, awaiting-transfer ──> available
    └─> error    └──> deleting ──> gone (or error_deleting)

What is extended, uploaded or backed up while a server has it goes back to in-use.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.block_storage.model.attachment import Attachment, AttachmentState
from pilvi.host_api.volumes import SourceKind, VolumeSource

VolumeId = NewType("VolumeId", str)

GIB = 1 << 30


class VolumeStatus(StrEnum):
    """What a user sees."""

    CREATING = "creating"
    AVAILABLE = "available"
    RESERVED = "reserved"
    ATTACHING = "attaching"
    IN_USE = "in-use"
    DETACHING = "detaching"
    EXTENDING = "extending"
    REVERTING = "reverting"
    RESTORING = "restoring-backup"
    DOWNLOADING = "downloading"
    UPLOADING = "uploading"
    BACKING_UP = "backing-up"
    AWAITING_TRANSFER = "awaiting-transfer"
    MAINTENANCE = "maintenance"
    DELETING = "deleting"
    ERROR = "error"
    ERROR_EXTENDING = "error_extending"
    ERROR_RESTORING = "error_restoring"
    ERROR_DELETING = "error_deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One volume."""

    id: VolumeId
    project_id: str
    user_id: str
    name: str | None
    description: str | None
    size_gib: int
    """Size that is wished; never less than what is seen."""
    volume_type_id: str
    availability_zone: str
    bootable: bool
    is_read_only: bool | None = None
    """Whether servers may only read it; None: nobody has said."""
    multiattach: bool = False
    """Whether several servers may have it at once."""
    group_id: str | None = None
    snapshot_id: str | None = None
    """The snapshot that it was made from."""
    source_volume_id: str | None = None
    """The volume that it was made from."""
    source: VolumeSource | None = None
    """What the bytes of `content_generation` are a copy of; None: zeros."""
    content_generation: int = 1
    """Raised to have the whole content replaced."""
    present: bool
    """Whether it is wished at all."""
    marked_status: VolumeStatus | None = None
    """The status that an admin says it has, whatever is seen."""
    generation: int
    desired_at: datetime.datetime
    """When the wish last changed: how long it has been waited for is counted from here."""
    created_at: datetime.datetime
    updated_at: datetime.datetime | None
    host_id: str | None
    """Owned: the host that keeps it, chosen by the reconciler."""
    seen_size_gib: int | None
    """Observed: size of the file on the host; None until it is there."""
    seen_content: int = 1
    """Observed: generation of the content that is whole on the host."""
    error: str
    """Observed: why the wish is not fulfilled yet, a sentence; empty when nothing is known."""
    failed: bool
    """Observed: whether it is given up until the wish changes."""
    status: VolumeStatus
    """Derived by `status`, kept for filters."""

    @property
    def current_size_gib(self) -> int:
        """The size that a user can count on now."""
        return self.size_gib if self.seen_size_gib is None else self.seen_size_gib


class Work(StrEnum):
    """What is done with a volume as a whole, by its status."""

    UPLOADING = "uploading"
    BACKING_UP = "backing-up"
    AWAITING_TRANSFER = "awaiting-transfer"


def status(
    volume: Volume, attachments: Sequence[Attachment], work: Work | None = None
) -> VolumeStatus:
    """What a user sees of a volume with these attachments and this done with it. Pure."""
    if not volume.present:
        return VolumeStatus.ERROR_DELETING if volume.failed else VolumeStatus.DELETING
    if volume.marked_status is not None:
        return volume.marked_status
    if volume.seen_size_gib is None:
        return VolumeStatus.ERROR if volume.failed else VolumeStatus.CREATING
    if volume.seen_content < volume.content_generation:
        under_way, failed = _REPLACING[None if volume.source is None else volume.source.kind]
        return failed if volume.failed else under_way
    if volume.seen_size_gib < volume.size_gib:
        return VolumeStatus.ERROR_EXTENDING if volume.failed else VolumeStatus.EXTENDING
    if work is not None:
        return VolumeStatus(work)
    # What was let go of by hand was in nobody's hands: only its target is still to go.
    states = {one.state for one in attachments if one.present or not one.by_hand}
    for state, found in _ATTACHED.items():
        if state in states:
            return found
    return VolumeStatus.AVAILABLE


# Of several attachments the first of these is told: what is under way, so that who waits for it
# sees when it is over.
_ATTACHED = {
    AttachmentState.DETACHING: VolumeStatus.DETACHING,
    AttachmentState.ATTACHING: VolumeStatus.ATTACHING,
    AttachmentState.ATTACHED: VolumeStatus.IN_USE,
    AttachmentState.RESERVED: VolumeStatus.RESERVED,
}
# While content is replaced, and when that failed.
_REPLACING = {
    None: (VolumeStatus.CREATING, VolumeStatus.ERROR),
    SourceKind.IMAGE: (VolumeStatus.DOWNLOADING, VolumeStatus.ERROR),
    SourceKind.VOLUME: (VolumeStatus.CREATING, VolumeStatus.ERROR),
    SourceKind.SNAPSHOT: (VolumeStatus.REVERTING, VolumeStatus.ERROR),
    SourceKind.BACKUP: (VolumeStatus.RESTORING, VolumeStatus.ERROR_RESTORING),
}


class Action(StrEnum):
    """What can be asked of a volume that depends on its status."""

    ATTACH = "attach"
    EXTEND = "extend"
    EXTEND_ATTACHED = "extend the attached"
    DELETE = "delete"
    RETYPE = "retype"
    SET_READ_ONLY = "change the access mode of"
    COPY = "copy"
    COPY_ATTACHED = "copy by force"
    REVERT = "revert"
    REIMAGE = "write an image to"
    RESTORE = "restore a backup to"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """It is wished already."""


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not be done, and why."""

    reason: str


Admission = Allowed | AlreadyDone | Denied

_LEGAL: dict[Action, frozenset[VolumeStatus]] = {
    Action.ATTACH: frozenset({VolumeStatus.AVAILABLE}),
    Action.EXTEND: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.ERROR_EXTENDING}),
    Action.EXTEND_ATTACHED: frozenset(
        {VolumeStatus.AVAILABLE, VolumeStatus.IN_USE, VolumeStatus.ERROR_EXTENDING}
    ),
    Action.DELETE: frozenset(
        {
            VolumeStatus.CREATING,
            VolumeStatus.AVAILABLE,
            VolumeStatus.MAINTENANCE,
            VolumeStatus.ERROR,
            VolumeStatus.ERROR_EXTENDING,
            VolumeStatus.ERROR_RESTORING,
            VolumeStatus.ERROR_DELETING,
        }
    ),
    Action.RETYPE: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.IN_USE}),
    Action.SET_READ_ONLY: frozenset({VolumeStatus.AVAILABLE}),
    Action.COPY: frozenset({VolumeStatus.AVAILABLE}),
    Action.COPY_ATTACHED: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.IN_USE}),
    Action.REVERT: frozenset({VolumeStatus.AVAILABLE}),
    Action.REIMAGE: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.ERROR}),
    Action.RESTORE: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.ERROR_RESTORING}),
    Action.TRANSFER: frozenset({VolumeStatus.AVAILABLE}),
}
_SHARED = frozenset({VolumeStatus.ATTACHING, VolumeStatus.IN_USE, VolumeStatus.DETACHING})
"""While one server has it, or is about to, another may be given a volume that servers share."""
_WHOLE = frozenset(
    {Action.DELETE, Action.EXTEND, Action.REVERT, Action.REIMAGE, Action.RESTORE, Action.TRANSFER}
)
"""What cannot be done while any attachment is left, whatever the status."""
# What a user can do about a refusal.
_HINTS = {
    (Action.EXTEND, VolumeStatus.IN_USE): "; detach it first, or ask at version 3.42 or newer",
    (Action.DELETE, VolumeStatus.IN_USE): "; detach it first",
    (Action.COPY, VolumeStatus.IN_USE): "; detach it first, or use force",
}


def may(
    action: Action, volume: Volume, attachments: Sequence[Attachment], work: Work | None = None
) -> Admission:
    """Whether an action is legal now. Pure."""
    found = status(volume, attachments, work)
    if action is Action.DELETE and found is VolumeStatus.DELETING:
        return AlreadyDone()
    if action is Action.ATTACH and volume.multiattach and found in _SHARED:
        return Allowed()
    if action is Action.ATTACH and found is VolumeStatus.AVAILABLE and attachments:
        return Denied(f"cannot attach the volume '{volume.id}': its last target is still to go")
    is_attached = bool(attachments) and action in _WHOLE
    if found in _LEGAL[action] and not is_attached:
        return Allowed()
    wanted = ", ".join(sorted(_LEGAL[action]))
    hint = _HINTS.get((action, VolumeStatus.IN_USE if is_attached else found), "")
    attached = " and a server has it" if is_attached and found in _LEGAL[action] else ""
    return Denied(
        f"cannot {action} the volume '{volume.id}': its status is {found}{attached}, "
        f"it must be one of: {wanted}{hint}"
    )
