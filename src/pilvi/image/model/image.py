"""An image, its states, and what is allowed in each."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

ImageId = NewType("ImageId", str)


class Status(StrEnum):
    """The states of an image, as on the wire."""

    QUEUED = "queued"
    SAVING = "saving"
    UPLOADING = "uploading"
    IMPORTING = "importing"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    KILLED = "killed"


class Visibility(StrEnum):
    """Who besides its owner sees an image."""

    PUBLIC = "public"
    COMMUNITY = "community"
    SHARED = "shared"
    PRIVATE = "private"


class DiskFormat(StrEnum):
    """The formats that a record may name; only `STORED_FORMATS` can be uploaded."""

    AMI = "ami"
    ARI = "ari"
    AKI = "aki"
    VHD = "vhd"
    VHDX = "vhdx"
    VMDK = "vmdk"
    RAW = "raw"
    QCOW2 = "qcow2"
    VDI = "vdi"
    ISO = "iso"
    PLOOP = "ploop"


class ContainerFormat(StrEnum):
    """The containers that a record may name; only `bare` can be uploaded."""

    AMI = "ami"
    ARI = "ari"
    AKI = "aki"
    BARE = "bare"
    OVF = "ovf"
    OVA = "ova"
    DOCKER = "docker"
    COMPRESSED = "compressed"


STORE_ID = "default"
"""Name of the one store that images are in."""
TAKES_BYTES = frozenset({Status.SAVING, Status.UPLOADING, Status.IMPORTING})
"""The states in which bytes may be on their way to an image."""
STORED_FORMATS = frozenset({DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.ISO})
"""Formats whose bytes the gate can vouch for and a host can open."""


class ImportOutcome(StrEnum):
    """What became of the latest import into an image."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image. `sha512`, `checksum` (md5) and the sizes are None until it has bytes."""

    id: ImageId
    owner: str
    name: str | None
    status: Status
    visibility: Visibility
    disk_format: DiskFormat | None
    container_format: ContainerFormat | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    protected: bool = False
    hidden: bool = False
    size_bytes: int | None = None
    virtual_size_bytes: int | None = None
    sha512: str | None = None
    checksum: str | None = None
    fault: str | None = None
    """Why the image will never have bytes, when it is `killed`."""
    import_outcome: ImportOutcome | None = None
    """None while nobody imported into it."""
    properties: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at images: a project, or an admin who sees all."""

    project_id: str
    is_admin: bool = False


class Action(StrEnum):
    """What moves an image from state to state."""

    UPLOAD = "upload"
    STAGE = "stage"
    STORE = "store"
    IMPORT = "import"
    FETCH = "fetch"
    KEEP = "keep"
    COPY = "copy"
    GIVE_UP = "give up"
    GIVE_UP_FETCH = "give up fetch"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The action may happen and leads to `status`."""

    status: Status


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The image is already as the action would make it."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The action cannot happen in this state; the reason is for the caller."""

    reason: str


_FROM_TO: dict[Action, tuple[tuple[Status, ...], Status]] = {
    Action.UPLOAD: ((Status.QUEUED,), Status.SAVING),
    Action.STAGE: ((Status.QUEUED,), Status.UPLOADING),
    Action.STORE: ((Status.SAVING,), Status.ACTIVE),
    Action.IMPORT: ((Status.UPLOADING,), Status.ACTIVE),
    Action.FETCH: ((Status.QUEUED,), Status.IMPORTING),
    Action.KEEP: ((Status.IMPORTING,), Status.ACTIVE),
    Action.COPY: ((Status.QUEUED,), Status.ACTIVE),
    Action.GIVE_UP: ((Status.SAVING, Status.UPLOADING), Status.QUEUED),
    Action.GIVE_UP_FETCH: ((Status.IMPORTING,), Status.QUEUED),
    Action.DEACTIVATE: ((Status.ACTIVE,), Status.DEACTIVATED),
    Action.REACTIVATE: ((Status.DEACTIVATED,), Status.ACTIVE),
    Action.FAIL: ((Status.QUEUED, Status.SAVING, Status.UPLOADING), Status.KILLED),
}
_REPEATABLE = frozenset({Action.DEACTIVATE, Action.REACTIVATE, Action.GIVE_UP, Action.FAIL})


def may(action: Action, status: Status) -> Allowed | AlreadyDone | Denied:
    """Whether an image in a state may be acted on so, and where that leads. Pure."""
    sources, target = _FROM_TO[action]
    if status in sources:
        return Allowed(target)
    if action in _REPEATABLE and status is target:
        return AlreadyDone()
    wanted = " or ".join(f"'{source}'" for source in sources)
    return Denied(f"cannot {action} the image: its status is '{status}', not {wanted}")


def draw_states() -> str:
    """The state table as lines of text, for the package's docstring. Pure."""
    lines = []
    for action, (sources, target) in _FROM_TO.items():
        lines.append(f"    {' | '.join(sources):26} --{action}--> {target}")
    return "\n".join(lines)
