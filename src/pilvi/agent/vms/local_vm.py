"""What can be seen of one vm on this host: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Process(StrEnum):
    """State of the process that runs a vm."""

    NONE = "none"
    """None was started, or the end of the last one has been noted."""
    GONE = "gone"
    """One was started and is not there; how it ended is not noted yet."""
    PRELAUNCH = "prelaunch"
    """It waits before the guest's first instruction."""
    RUNNING = "running"
    PAUSED = "paused"
    OUT_OF_SPACE = "out-of-space"
    """The guest is held because the host's disk is full."""
    SHUT_DOWN = "shut-down"
    """The guest turned its power off; the process waits to be collected."""
    SAVING = "saving"
    """The guest is held while its state is written to the host's disk."""
    SAVED = "saved"
    """The guest's state is whole on the host's disk; the process waits to be collected."""
    RESTORING = "restoring"
    """It waits for the state of a suspended guest."""
    READING = "reading"
    """It reads the state of a suspended guest."""
    BROKEN = "broken"
    """The guest cannot go on."""
    SILENT = "silent"
    """The process lives and does not answer."""


class Ended(StrEnum):
    """How the last process of a vm ended."""

    ASKED = "asked"
    GUEST = "guest"
    """The guest turned its power off by itself."""
    CRASHED = "crashed"
    """The process died before our eyes."""
    SUSPENDED = "suspended"
    """The guest's state was kept: the next process goes on from there."""
    LOST = "lost"
    """It was gone when we looked: the host was restarted, or no agent was there."""


class Plug(StrEnum):
    """How much of a volume or network card a process has."""

    PARTIAL = "partial"
    WHOLE = "whole"
    LEAVING = "leaving"
    """The guest was asked to give it up."""


class Button(StrEnum):
    """What can be done to a running process's guest."""

    RESUME = "resume"
    PAUSE = "pause"
    SAVE = "save"
    """Hold the guest and begin to write its state to the host's disk."""
    RESTORE = "restore"
    """Begin to read the state of a suspended guest."""
    POWER = "power"
    """Ask the guest, through ACPI, to shut down."""
    FORGET = "forget"
    """The shutdown that was asked for is no longer wanted, and the guest did not follow."""


@dataclass(frozen=True, slots=True)
class LocalDisk:
    """One local disk of a vm; the generation is the rebuild it was made for."""

    device: str
    generation: int
    used_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalVm:
    """Everything that can be seen of one vm on this host."""

    present: bool = False
    """Whether anything of it is there."""
    recorded: bool = False
    """Whether its uid is recorded and its folder made."""
    process: Process = Process.NONE
    witnessed: bool = False
    """Of a process that is gone: whether this agent saw its guest running."""
    ended: Ended | None = None
    boot_generation: int = -1
    """Generation of the newest boot; -1 before the first."""
    image_generation: int = -1
    """Generation of the disks that the newest boot used."""
    disks: tuple[LocalDisk, ...] = ()
    has_state: bool = False
    """Whether the state of a suspended guest is whole on the host's disk."""
    config_digest: str = ""
    """Digest of the documents on the config drive; empty without one."""
    volumes: Mapping[str, Plug] = field(default_factory=lambda: MappingProxyType({}))
    volume_sizes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Bytes that the guest sees of each volume, by attachment."""
    """By attachment id."""
    nics: Mapping[str, Plug] = field(default_factory=lambda: MappingProxyType({}))
    """By port id."""
    shutdown_age_s: float | None = None
    """Time since the guest was first asked to shut down; None when it was not."""
    press_age_s: float = 0.0
    """Time since the power button was last pressed."""
    space_age_s: float = 0.0
    """Time since the guest was found held by a full disk."""
    accelerator: str = ""
    pid: int | None = None
    started_at: float | None = None
    copying: bool = False
    """Whether a copy of a disk of the stopped vm is being made."""
    bases: frozenset[str] = frozenset()
    """Images whose bytes are on this host."""
    fetching: frozenset[str] = frozenset()
    """Images that are on their way; added by the reconciler."""
    ready_ports: frozenset[str] = frozenset()
    """Ports whose tap is ready; added by the reconciler."""
    awaits_word: bool = False
    """Whether the control plane is still asked whether guests are to run here; added likewise."""
