"""A volume: what is wished, what is seen, and the status that follows.

creating ──> available <──> attaching ──> in-use ──> detaching ──> available
    │            │  └──> extending ──> available (or error_extending)
    └─> error    └──> deleting ──> gone (or error_deleting)
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pilvi.block_storage.model.attachment import Attachment, AttachmentState

VolumeId = NewType("VolumeId", str)

GIB = 1 << 30


class VolumeStatus(StrEnum):
    """What a user sees."""

    CREATING = "creating"
    AVAILABLE = "available"
    ATTACHING = "attaching"
    IN_USE = "in-use"
    DETACHING = "detaching"
    EXTENDING = "extending"
    DELETING = "deleting"
    ERROR = "error"
    ERROR_EXTENDING = "error_extending"
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
    read_only: bool
    present: bool
    """Whether it is wished at all."""
    is_marked_error: bool
    """Whether an admin says that it is not to be used."""
    generation: int
    desired_at: datetime.datetime
    """When the wish last changed: how long it has been waited for is counted from here."""
    created_at: datetime.datetime
    updated_at: datetime.datetime | None
    host_id: str | None
    """Owned: the host that keeps it, chosen by the reconciler."""
    seen_size_gib: int | None
    """Observed: size of the file on the host; None until it is there."""
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


def status(volume: Volume, attachments: Sequence[Attachment]) -> VolumeStatus:
    """What a user sees of a volume with these attachments. Pure."""
    if not volume.present:
        return VolumeStatus.ERROR_DELETING if volume.failed else VolumeStatus.DELETING
    if volume.is_marked_error:
        return VolumeStatus.ERROR
    if volume.seen_size_gib is None:
        return VolumeStatus.ERROR if volume.failed else VolumeStatus.CREATING
    if volume.seen_size_gib < volume.size_gib:
        return VolumeStatus.ERROR_EXTENDING if volume.failed else VolumeStatus.EXTENDING
    for attachment in attachments:
        return _ATTACHED[attachment.state]
    return VolumeStatus.AVAILABLE


_ATTACHED = {
    AttachmentState.ATTACHING: VolumeStatus.ATTACHING,
    AttachmentState.ATTACHED: VolumeStatus.IN_USE,
    AttachmentState.DETACHING: VolumeStatus.DETACHING,
}


class Action(StrEnum):
    """What can be asked of a volume that depends on its status."""

    ATTACH = "attach"
    EXTEND = "extend"
    DELETE = "delete"
    RETYPE = "retype"
    SET_READ_ONLY = "change the access mode of"


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
    Action.DELETE: frozenset(
        {
            VolumeStatus.CREATING,
            VolumeStatus.AVAILABLE,
            VolumeStatus.ERROR,
            VolumeStatus.ERROR_EXTENDING,
            VolumeStatus.ERROR_DELETING,
        }
    ),
    Action.RETYPE: frozenset({VolumeStatus.AVAILABLE, VolumeStatus.IN_USE}),
    Action.SET_READ_ONLY: frozenset({VolumeStatus.AVAILABLE}),
}
# What a user can do about a refusal.
_HINTS = {
    (Action.EXTEND, VolumeStatus.IN_USE): "; detach it first: it does not grow under a server",
    (Action.DELETE, VolumeStatus.IN_USE): "; detach it first",
}


def may(action: Action, volume: Volume, attachments: Sequence[Attachment]) -> Admission:
    """Whether an action is legal now. Pure."""
    found = status(volume, attachments)
    if action is Action.DELETE and found is VolumeStatus.DELETING:
        return AlreadyDone()
    is_attached = bool(attachments) and action in (Action.DELETE, Action.EXTEND)
    if found in _LEGAL[action] and not is_attached:
        return Allowed()
    wanted = ", ".join(sorted(_LEGAL[action]))
    hint = _HINTS.get((action, VolumeStatus.IN_USE if is_attached else found), "")
    attached = " and a server has it" if is_attached and found in _LEGAL[action] else ""
    return Denied(
        f"cannot {action} the volume '{volume.id}': its status is {found}{attached}, "
        f"it must be one of: {wanted}{hint}"
    )
