"""The agent of one host: fetch desired, observe, plan, apply, report.

What it was last asked to hold is on disk, so it needs no control plane to bring back its guests;
what it sees is told whenever the control plane is there. Losing any message costs time, not truth.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from pilvi.agent.client import ControlPlane
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.facts import Inventory, collect_facts, read_inventory
from pilvi.agent.neighbours import list_neighbours
from pilvi.agent.outbox import Outbox
from pilvi.agent.parts import BuildParts
from pilvi.agent.reporter import Reporter
from pilvi.core.reconcile import Loop
from pilvi.errors import PilviError
from pilvi.host_api.contract import Desired, Kind
from pilvi.settings import Settings

log = structlog.get_logger()

# Seconds that the control plane may hold an answer back. Lower: more requests of idle hosts;
# higher: a connection that died silently is noticed later.
POLL_S = 25.0
# Pauses after a contact that failed. Lower: hammers a control plane that starts; higher: wishes
# are late after it is back.
RETRY_S_MIN = 0.1
RETRY_S_MAX = 2.0
# Seconds before an empty answer is asked for again. Lower: a server that never waits is hammered;
# higher: late after one.
EMPTY_S = 0.05
# Seconds before a watch that failed starts again. Lower: fills the log; higher: blind meanwhile.
WATCH_S = 1.0
# Heartbeats in one lease. Lower: one lost report makes the host look down; higher: more reports.
HEARTBEATS = 3


class Agent:
    """Joins desired state, reconcilers and reports; one for a state directory at a time."""

    def __init__(
        self,
        settings: Settings,
        control_plane: ControlPlane,
        build: BuildParts,
        *,
        inventory: Inventory | None = None,
    ) -> None:
        settings.agent_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
        self.settings = settings
        self.desired = DesiredState(settings.agent_dir / "desired", durable=not settings.fake)
        self.outbox = Outbox()
        self._control_plane = control_plane
        self._inventory = inventory or read_inventory()
        context = AgentContext(settings, self.desired, self.outbox, self._wake)
        self.parts = build(context)
        self.loop = Loop(self.parts.reconcilers)

    async def run(self, ready: Callable[[], None] | None = None) -> None:
        """Work until cancelled; `ready` is called once everything is under way."""
        try:
            abilities = await self.parts.find_abilities()
            reporter = Reporter(
                self.desired,
                self.outbox,
                self._control_plane,
                self.parts.consoles,
                lambda: collect_facts(self.settings, self._inventory, abilities),
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(self.loop.run(), name="reconcilers")
                for watch in self.parts.watches:
                    group.create_task(_keep_watching(watch), name=str(watch))
                group.create_task(self._follow(reporter), name="desired state")
                heartbeat_s = self.settings.host_lease_s / HEARTBEATS
                group.create_task(reporter.run(heartbeat_s), name="reports")
                if ready is not None:
                    ready()
        finally:
            await self._close()

    async def _follow(self, reporter: Reporter) -> None:
        """Take every change of what this host should hold, for as long as it lives."""
        pause_s = RETRY_S_MIN
        while True:
            began = time.monotonic()
            after = self.desired.revision
            try:
                news = await self._control_plane.fetch_desired(after, POLL_S)
                self.take(news)
            except PilviError as error:
                log.warning("cannot fetch the desired state", error=error.message)
            except Exception:
                log.exception("cannot take the desired state")
            else:
                pause_s = RETRY_S_MIN
                if self.desired.revision < after:
                    reporter.tell_everything()
                elif self.desired.revision == after and time.monotonic() - began < EMPTY_S:
                    await asyncio.sleep(EMPTY_S)
                continue
            reporter.tell_everything()
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(RETRY_S_MAX, pause_s * 2)

    def take(self, news: Desired) -> None:
        """Keep what changed and wake it, with all that looked or now looks at it. Repeatable."""
        named = {(assignment.kind, assignment.id) for assignment in news.assignments}
        before = {key: list_neighbours(self.desired, *key) for key in named}
        for key in self.desired.apply(news):
            for kind, id in {key} | before[key] | list_neighbours(self.desired, *key):
                self._wake(kind, id)

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    async def _close(self) -> None:
        for close in self.parts.closers:
            with contextlib.suppress(Exception):
                await close()


async def _keep_watching(watch: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await watch()
        except Exception:
            log.exception("a watch ended", watch=str(watch))
        await asyncio.sleep(WATCH_S)
