"""One vm of the fake driver."""

import time
from dataclasses import dataclass, field

from pilvi.agent.vms.driver import ProcessCounts
from pilvi.agent.vms.local_vm import Ended, Plug, Process

LIVE = (
    Process.PRELAUNCH,
    Process.RUNNING,
    Process.PAUSED,
    Process.SAVED,
    Process.RESTORING,
    Process.SHUT_DOWN,
)


@dataclass(slots=True)
class FakeVm:
    """One vm and its guest."""

    process: Process = Process.NONE
    begun: bool = False
    witnessed: bool = False
    ended: Ended | None = None
    boot_generation: int = -1
    image_generation: int = -1
    disks: set[tuple[str, int]] = field(default_factory=set)
    """Device and generation of every layer."""
    has_state: bool = False
    config_digest: str = ""
    volumes: dict[str, Plug] = field(default_factory=dict)
    volume_sizes: dict[str, int] = field(default_factory=dict)
    nics: dict[str, Plug] = field(default_factory=dict)
    asked_at: float | None = None
    pressed_at: float = 0.0
    pid: int | None = None
    started_at: float | None = None
    console: bytearray = field(default_factory=bytearray)

    def count(self) -> ProcessCounts | None:
        """What it has used: it keeps its processor busy and has read one sector, to boot from."""
        if self.process not in LIVE or self.started_at is None:
            return None
        return ProcessCounts(max(0.0, time.time() - self.started_at), 512, 0)
