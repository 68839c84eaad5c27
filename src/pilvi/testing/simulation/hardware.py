"""What a simulated host is: fake drivers that outlive its agent, and the faults of its parts."""

import asyncio
import errno
import inspect
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from pilvi.agent.drivers import FakeDrivers
from pilvi.errors import Unavailable
from pilvi.host_api.vms import VolumeConnection
from pilvi.settings import Settings

# Seconds that one call of a driver takes.
CALL_S_MAX = 0.004
# Seconds that a call hangs: longer than what a reconciler gives a try (`Limits.attempt_s`).
HANG_S = 400.0

_PLAIN = (
    "read_console",
    "tend",
    "wait_ended",
    "close",
    "facts",
    "prune_bases",
    "list_broken_networks",
    "list_broken_routers",
    "observe_capture",
)
"""Methods that look, or wait: no fault of theirs would tell anything."""
_WRITING = (
    "prepare",
    "store_base",
    "create_disk",
    "create_config_drive",
    "start_capture",
    "make_file",
    "copy_file",
    "copy_image",
    "write_blocks",
    "export",
)
"""Methods that need room on the host's disk."""


_LOOKS = ("observe", "see_", "find")


class Trouble(StrEnum):
    """What happens to one call of a driver."""

    BEFORE = "fails before"
    AFTER = "fails after"
    HANGS = "hangs"
    TWICE = "is done twice"


@dataclass(slots=True)
class Hardware:
    """The parts of one host: they stay what they are when its agent is killed."""

    name: str
    drivers: FakeDrivers
    chance: random.Random
    is_full: bool = False
    """Whether its disk is full."""
    trouble: float = 0.0
    """How likely a call fails."""
    decide: Callable[[str, str], Trouble | None] = lambda part, method: None
    """Asked first of each call; None leaves it to `trouble`."""
    look: Callable[[], None] = lambda: None
    """Called after each call that changed something."""
    note: Callable[[str], None] = lambda line: None
    hangs_until: float = 0.0
    """When the last call that hangs goes on; nothing is quiet before."""
    connections: dict[str, VolumeConnection] = field(default_factory=dict)
    """How a guest reaches its volume, by attachment, for each that a guest ever had here."""
    is_let_in: Callable[[VolumeConnection], bool] = lambda connection: True
    """Whether a target answers to a connection's account, on whatever host the volume is."""
    is_alone: Callable[[], bool] = lambda: False
    """Whether the agent starts guests without a word of the control plane."""
    begun_alone: set[str] = field(default_factory=set)
    """Servers whose guests began here last without such a word."""

    @classmethod
    def make(cls, settings: Settings, name: str, chance: random.Random) -> "Hardware":
        """An empty host."""
        drivers = FakeDrivers.make(settings)
        drivers.volumes.contents.directory = settings.agent_dir / "sending"
        return cls(name, drivers, chance)

    def wrapped(self) -> FakeDrivers:
        """The drivers as an agent is given them, with their faults."""
        parts = (self.drivers.ports, self.drivers.vms, self.drivers.volumes)
        wrapped: list[Any] = [
            _Part(self, part, name) for part, name in zip(parts, _NAMES, strict=True)
        ]
        return FakeDrivers(*wrapped)

    def lose_power(self) -> None:
        """Everything that is not on a disk is gone."""
        self.drivers.vms.restart_host()
        self.drivers.ports.lose_power()
        self.drivers.volumes.end_service()

    def attach(self, volume: VolumeConnection) -> None:
        """A guest logs in to a target. Raises `Unavailable` when that does not let it in."""
        if not self.is_let_in(volume):
            raise Unavailable("cannot reach the volume: its target lets nobody in as this account")
        self.connections[volume.attachment_id] = volume

    def note_launch(self, server_id: str) -> None:
        """A guest begins here."""
        if self.is_alone():
            self.note(f"{self.name}: the guest of {server_id} begins without being asked for")
            self.begun_alone.add(server_id)
        else:
            self.begun_alone.discard(server_id)

    async def do(self, part: str, method: str, work: Callable[[], Any]) -> Any:
        """One call of a driver, with what befalls it."""
        await asyncio.sleep(self.chance.random() * CALL_S_MAX)
        if self.is_full and method in _WRITING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        trouble = self.decide(part, method) or self._draw()
        if trouble is not None:
            self.note(f"{self.name}: {part}.{method} {trouble}")
        if trouble is Trouble.BEFORE:
            raise Unavailable("cannot do it: the simulation lets this call fail")
        if trouble is Trouble.HANGS:
            self.hangs_until = asyncio.get_running_loop().time() + HANG_S
            await asyncio.sleep(HANG_S)
        result = await work()
        if not method.startswith(_LOOKS):
            self.note(f"{self.name}: {part}.{method} {_words(work)}")
        if trouble is Trouble.TWICE:
            result = await work()
        self.look()
        if trouble is Trouble.AFTER:
            raise Unavailable("cannot do it: the simulation lets this call fail late")
        return result

    def _draw(self) -> Trouble | None:
        if not self.trouble or self.chance.random() >= self.trouble:
            return None
        return self.chance.choice((Trouble.BEFORE, Trouble.AFTER, Trouble.BEFORE, Trouble.HANGS))


def _words(work: Callable[[], Any]) -> str:
    """What a call was made with, cut short."""
    words = [*work.args, *work.keywords.values()] if isinstance(work, partial) else []
    return " ".join(str(word).partition(" at 0x")[0][:120] for word in words)


_NAMES = ("ports", "vms", "volumes")


class _Part:
    """One driver; each of its calls goes through `Hardware.do`."""

    def __init__(self, hardware: Hardware, inner: Any, name: str) -> None:
        self._hardware = hardware
        self._inner = inner
        self._name = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name == "contents":
            return _Part(self._hardware, value, "contents")
        if name in _PLAIN or not inspect.iscoroutinefunction(value):
            return value
        return partial(self._call, name, value)

    async def _call(self, name: str, value: Any, *words: Any, **named: Any) -> Any:
        if name == "attach_volume":
            self._hardware.attach(words[1])
        if name == "launch":
            self._hardware.note_launch(words[0].server_id)
        work = partial(value, *words, **named)
        return await self._hardware.do(self._name, name, work)
