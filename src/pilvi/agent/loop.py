"""The agent of one host: fetch desired, observe, plan, apply, report.

What it was last asked to hold is on disk, so it needs no control plane to bring back its guests;
what it sees is told whenever the control plane is there. Losing any message costs time, not truth.

Before it starts any guest it asks whether the guest is still its own: while a host was down, its
guests may have been given to another. It says first that it is there, and then asks; whoever
gives a guest away looks whether its host is heard. Where nobody answers, the guests are started.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from pilvi.agent.auditor import Auditor
from pilvi.agent.client import ControlPlane
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.facts import Inventory, collect_facts, read_inventory
from pilvi.agent.neighbours import list_neighbours
from pilvi.agent.outbox import Outbox
from pilvi.agent.parts import BuildParts
from pilvi.agent.reporter import Reporter, heartbeat_s
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
# Seconds that guests wait at the start of an agent for the control plane's word. Lower: a host that
# comes back starts what was evacuated meanwhile when the control plane is slow; higher: without a
# control plane, guests are back later after a power cut.
WORD_S = 5.0
# Seconds before an empty answer is asked for again. Lower: a server that never waits is hammered;
# higher: late after one.
EMPTY_S = 0.05
# Seconds before a watch that failed starts again. Lower: fills the log; higher: blind meanwhile.
WATCH_S = 1.0


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
        self.has_asked = False
        """Whether the control plane said, in this run, what this host is to hold."""
        self._may_start = False
        context = AgentContext(
            settings, self.desired, self.outbox, self._wake, lambda: self._may_start
        )
        self.parts = build(context)
        self.loop = Loop(self.parts.reconcilers, find_request=self._find_request)
        self.auditor = Auditor(self.desired, self.parts.listers, control_plane)

    async def run(self, ready: Callable[[], None] | None = None) -> None:
        """Work until cancelled; `ready` is called once everything is under way."""
        try:
            abilities = await self.parts.find_abilities()
            reporter = Reporter(
                self.desired,
                self.outbox,
                self._control_plane,
                (self.parts.consoles, self.parts.passwords, self.parts.counts),
                lambda: collect_facts(self.settings, self._inventory, abilities),
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(self.loop.run(), name="reconcilers")
                for watch in self.parts.watches:
                    group.create_task(_keep_watching(watch), name=str(watch))
                group.create_task(self._follow(reporter), name="desired state")
                group.create_task(self._lose_patience(), name="patience")
                group.create_task(reporter.run(heartbeat_s(self.settings)), name="reports")
                group.create_task(self.auditor.run(), name="audits")
                if ready is not None:
                    ready()
        finally:
            await self._close()

    async def _follow(self, reporter: Reporter) -> None:
        """Take every change of what this host should hold, for as long as it lives."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WORD_S):
                await reporter.taken.wait()
        pause_s = RETRY_S_MIN
        while True:
            began = time.monotonic()
            after, is_seen = self.desired.revision, reporter.taken.is_set()
            try:
                wait_s = POLL_S if self.has_asked or not is_seen else 0.0
                news = await self._control_plane.fetch_desired(after, wait_s)
                self.take(news)
                if is_seen and self.desired.revision >= after:
                    self.has_asked = True
                    self._let_start()
                self.auditor.ask(news.audit)
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

    async def _lose_patience(self) -> None:
        """Without a control plane a host is to bring back its guests by itself."""
        await asyncio.sleep(WORD_S)
        if not self._may_start:
            log.warning("nobody says what this host is to hold: it starts what it held")
        self._let_start()

    def _let_start(self) -> None:
        if not self._may_start:
            self._may_start = True
            for assignment in self.desired.list(Kind.VM):
                self._wake(Kind.VM, assignment.id)

    def take(self, news: Desired) -> None:
        """Keep what changed and wake it, with all that looked or now looks at it. Repeatable."""
        named = {(assignment.kind, assignment.id) for assignment in news.assignments}
        before = {key: list_neighbours(self.desired, *key) for key in named}
        for key in self.desired.apply(news):
            for kind, id in {key} | before[key] | list_neighbours(self.desired, *key):
                self._wake(kind, id)

    def _wake(self, kind: Kind, id: str) -> None:
        self.loop.wake(kind, id)

    def _find_request(self, kind: str, id: str) -> str:
        """Kept with the wish: work that goes on after a restart is still for its request."""
        assignment = self.desired.find(Kind(kind), id)
        return "" if assignment is None else assignment.request_id

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
