"""One server's hold on a volume."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

AttachmentId = NewType("AttachmentId", str)

# Unit number of a volume in its target: unit 0 is the target's own.
UNIT = 1


class AttachmentState(StrEnum):
    """How far the server is; written by whoever attaches."""

    RESERVED = "reserved"
    ATTACHING = "attaching"
    ATTACHED = "attached"
    DETACHING = "detaching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One server's hold on a volume, from its reservation until its target is seen gone."""

    id: AttachmentId
    volume_id: str
    server_id: str
    """Empty when nobody has said for whom it is (by hand only)."""
    project_id: str
    device: str
    """Name that the guest is expected to use: vdc."""
    read_only: bool
    state: AttachmentState
    present: bool
    """Whether its target is wished; False once the server has let go."""
    username: str = field(repr=False)
    password: str = field(repr=False)
    created_at: datetime.datetime
    attached_at: datetime.datetime | None
    iqn: str
    """Owned: name of its target, given by the reconciler before the target is made."""
    exported: bool
    """Observed: whether its target answers."""
    portal: str
    """Observed: HOST:PORT of the target."""
    by_hand: bool = False
    """Whether somebody made it through the block storage API: no server of compute knows it."""
    shared: bool = False
    """Whether its volume may have others beside it."""
    connector: Mapping[str, Any] | None = None
    """Who connects, as told by hand."""


def target_name(name_prefix: str, attachment_id: str) -> str:
    """The iSCSI name of an attachment's target (RFC 3720, 3.2.6.3.1). Pure."""
    return f"iqn.2026-11.cloud.pilvi:{name_prefix}:{attachment_id}"
