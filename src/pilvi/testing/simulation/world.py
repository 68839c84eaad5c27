"""One simulated world: a control plane, hosts, the network between them, and what is wrong."""

import asyncio
import errno
import random
import shutil
from collections import deque
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from pilvi.agent.client import ControlPlane as ControlPlaneClient
from pilvi.agent.loop import Agent
from pilvi.agent.process import build_fake_agent
from pilvi.errors import Unavailable
from pilvi.host_api.vms import VolumeConnection
from pilvi.settings import Settings
from pilvi.testing.hosts import enrol_fake_host
from pilvi.testing.simulation.hardware import Hardware
from pilvi.testing.simulation.invariants import (
    find_doubled_guests,
    find_doubled_writers,
    is_let_in,
)
from pilvi.testing.simulation.loop import SimulatedLoop
from pilvi.testing.simulation.network import HostWay, Network
from pilvi.testing.simulation.peers import Sessions
from pilvi.testing.simulation.plane import SimulatedPlane
from pilvi.testing.simulation.process import Process, current_process
from pilvi.testing.template import lay_template

# Lines of the trace that are kept. Lower: less to read of a failing seed; higher: memory.
TRACE_LINES = 100_000
# Seconds that pass at most between a look at the database and what is done upon it.
STALE_S_MAX = 2.0


class Broken(Exception):
    """An invariant does not hold: the run ends."""


@dataclass
class SimulatedHost:
    """One host: its hardware, and its agent while that runs."""

    settings: Settings
    hardware: Hardware
    network: Network
    process: Process | None = None
    agent: Agent | None = None
    skew_s: float = 0.0
    is_off: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.hardware.name

    def start(self) -> None:
        """Start the agent, unless it runs."""
        if self.process is not None and not self.process.is_dead:
            return
        self.is_off, self.hardware.hangs_until = False, 0.0
        self.process = Process(self.name, skew_s=self.skew_s)
        client = ControlPlaneClient(self.settings, transport=HostWay(self.network, self.name))
        self.agent = build_fake_agent(
            self.settings, client, hostname=self.name, drivers=self.hardware.wrapped()
        )
        self._let_disk_fill(self.agent)
        self.process.start(self.agent.run())

    def kill(self) -> None:
        """End the agent as kill -9 does; guests, networks and volumes go on."""
        if self.process is not None:
            self.process.kill()

    def power_off(self) -> None:
        """The host loses its power."""
        self.kill()
        self.hardware.lose_power()
        self.is_off = True

    @property
    def has_asked(self) -> bool:
        """Whether its agent heard what the host is to hold, since it was started."""
        return self.agent is not None and self.agent.has_asked

    @property
    def is_idle(self) -> bool:
        """Whether the agent has nothing in work and nothing to tell."""
        if self.agent is None or self.process is None or self.process.is_dead:
            return False
        hangs = self.hardware.hangs_until > asyncio.get_running_loop().time()
        return self.agent.loop.idle and not hangs and not self.agent.outbox.changed.is_set()

    def _let_disk_fill(self, agent: Agent) -> None:
        write: Any = agent.desired._write

        def write_if_room(*words: Any, **named: Any) -> None:
            if self.hardware.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(*words, **named)

        agent.desired._write = write_if_room  # type: ignore[method-assign]


@dataclass
class World:
    """Everything of one run."""

    seed: int
    loop: SimulatedLoop
    settings: Settings
    network: Network
    hosts: dict[str, SimulatedHost] = field(default_factory=dict)
    planes: list[SimulatedPlane] = field(default_factory=list)
    """Those that were started last, one for each place; some may be dead."""
    plane_skew_s: float = 0.0
    stale_share: float = 0.0
    """How often a control plane acts on what it read a while ago."""
    findings: list[str] = field(default_factory=list)
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=TRACE_LINES))
    ended_guests: set[str] = field(default_factory=set)
    """Servers whose guests ended by themselves."""
    evacuated: set[str] = field(default_factory=set)
    """Servers that somebody asked another host for, theirs being down."""
    _places: int = 1
    """How many control planes there are to be."""

    def __post_init__(self) -> None:
        self._balancer, self._ages = self.random("balancer"), self.random("ages")
        self._sessions = Sessions(self.random("sessions"))

    @classmethod
    async def build(
        cls, seed: int, folder: Path, template: Path, hosts: int, planes: int = 1
    ) -> "World":
        """A world in a folder, its processes started."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        settings = Settings(state_dir=str(folder), fake=True)
        lay_template(template, settings)
        network = Network(random.Random(f"network {seed}"), lambda: world.find_plane())
        world = cls(seed, loop, settings, network)
        network.note = world.note
        structlog.configure(processors=[world.take_log])
        world._places = planes
        world.start_planes()
        for number in range(1, hosts + 1):
            name = f"host{number}"
            own = await enrol_fake_host(settings, world.planes[0].db, name)
            hardware = Hardware.make(own, name, random.Random(f"{name} {seed}"))
            hardware.look, hardware.note = world.look, world.note
            hardware.is_let_in = world.is_let_in
            host = world.hosts[name] = SimulatedHost(own, hardware, network)
            hardware.is_alone = partial(lambda one: not one.has_asked, host)
        for host in world.hosts.values():
            host.start()
        return world

    def random(self, name: str) -> random.Random:
        """A stream of chance of its own for one part of the world."""
        return random.Random(f"{name} {self.seed}")

    def find_plane(self) -> SimulatedPlane | None:
        """A control plane that is up, any of them; None while there is none."""
        alive = self.list_planes()
        return self._balancer.choice(alive) if len(alive) > 1 else next(iter(alive), None)

    def list_planes(self) -> list[SimulatedPlane]:
        """The control planes that are up."""
        return [plane for plane in self.planes if not plane.process.is_dead]

    def start_planes(self) -> None:
        """Start each control plane, unless it runs."""
        for _ in range(self._places - len(self.list_planes())):
            plane = SimulatedPlane(
                self.settings,
                self._sessions if self._places > 1 else None,
                skew_s=self.plane_skew_s,
            )
            plane.db.stale = self._draw_age
            self.planes = [*self.list_planes(), plane]

    def kill_planes(self) -> None:
        """End every control plane as kill -9 does."""
        for plane in self.planes:
            plane.process.kill()

    def _draw_age(self) -> float:
        """How old something that was just read is when it is used, in seconds."""
        if self.stale_share and self._ages.random() < self.stale_share:
            return self._ages.random() * STALE_S_MAX
        return 0.0

    def look(self) -> None:
        """Check what must hold at every moment."""
        hardware = [host.hardware for host in self.hosts.values()]
        guests = find_doubled_guests(hardware, self.evacuated)
        for problem in (*guests, *find_doubled_writers(hardware)):
            self.find(problem)

    def is_let_in(self, connection: VolumeConnection) -> bool:
        """Whether a target answers to the account of a connection."""
        return is_let_in((host.hardware for host in self.hosts.values()), connection)

    def find(self, problem: str) -> None:
        """Take note of something wrong."""
        if problem not in self.findings:
            self.findings.append(problem)
            self.note(f"FOUND: {problem}")

    def note(self, line: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.loop.time():10.4f} {line}")

    def take_log(self, logger: object, method: str, event: MutableMapping[str, Any]) -> Any:
        """Keep what Pilvi logs; an exception that nobody expected is a finding."""
        error = event.pop("exc_info", None)
        if error is True:
            import sys

            error = sys.exc_info()[1]
        process = current_process()
        name = "world" if process is None else process.name
        words = " ".join(
            f"{key}={value}" for key, value in event.items() if value not in ("", None)
        )
        self.note(f"{name}: {words}")
        if isinstance(error, BaseException) and not _is_expected(error):
            self.find(f"{name} logged a defect: {describe(error)} ({words})")
        raise structlog.DropEvent

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has anything to do."""
        planes = self.list_planes()
        parts: list[SimulatedPlane | SimulatedHost] = [*planes, *self.hosts.values()]
        return bool(planes) and all(part.is_idle for part in parts)

    def take_failures(self) -> None:
        """What asyncio found: tasks that failed and nobody noticed."""
        for context in self.loop.failures:
            error = context.get("exception")
            if error is None or not _is_expected(error):
                self.find(f"{context['message']}: {describe(error)}")
        self.loop.failures.clear()

    def remove(self) -> None:
        """Remove its files."""
        shutil.rmtree(self.settings.state, ignore_errors=True)
        shutil.rmtree(self.settings.fake_hosts_dir, ignore_errors=True)


def _is_expected(error: BaseException) -> bool:
    """Whether the simulation itself made it: a full disk, a driver that hangs."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_expected, error.exceptions))
    is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return is_full or isinstance(error, TimeoutError | Unavailable)


def describe(error: BaseException | None) -> str:
    """An error in one line, with the innermost place of ours."""
    if error is None:
        return "no exception"
    frames, place = error.__traceback__, ""
    while frames is not None:
        name = frames.tb_frame.f_code.co_filename
        if "/pilvi/" in name:
            place = f"{name.rpartition('/pilvi/')[2]}:{frames.tb_lineno}"
        frames = frames.tb_next
    return f"{type(error).__name__}: {error} at {place}"
