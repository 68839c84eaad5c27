"""Serves every console session that this host is asked to join, each once.

A session is a wish like any other, but not one to be kept up: when its connection ends, it has
ended, and the observation says that nothing of it is here. A wish read again after a restart finds
nobody waiting at the control plane.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from pilvi.agent.consoles.driver import ConsoleDriver
from pilvi.agent.consoles.pipe import join
from pilvi.agent.context import AgentContext
from pilvi.agent.dial import Socket
from pilvi.core.reconcile import Done, Result
from pilvi.errors import NotFound, PilviError, Unavailable
from pilvi.host_api.consoles import CloseCode, ConsoleLine, ConsoleSpec
from pilvi.host_api.contract import Assignment, Kind, Observation

log = structlog.get_logger()

# Sessions of this host at once. Lower: viewers are refused; higher: more memory and open files.
SESSIONS_MAX = 128
# Seconds for which a session is dialled, and between tries: with several API processes behind one
# address each try may reach another one. Lower: the right one is missed; higher: dead ones linger.
DIAL_S = 10.0
DIAL_PAUSE_S = 0.1

DialConsole = Callable[[ConsoleSpec], Awaitable[Socket]]


class ConsoleReconciler:
    """Makes the console sessions of this host so."""

    def __init__(self, context: AgentContext, driver: ConsoleDriver, dial: DialConsole) -> None:
        self._context = context
        self._driver = driver
        self._dial = dial
        self._sessions: dict[str, asyncio.Task[None]] = {}
        self._begun: set[str] = set()
        self._serial: dict[str, tuple[str, asyncio.Future[CloseCode]]] = {}

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.CONSOLE

    async def reconcile(self, id: str) -> Result:
        """Begin a session that was not begun yet; end one that is not wished. Repeatable."""
        assignment = self._context.desired.find(Kind.CONSOLE, id)
        spec = self._context.desired.find_spec(Kind.CONSOLE, id, ConsoleSpec)
        if spec is None:
            await self._stop(id)
            self._begun.discard(id)
        elif id not in self._begun:
            self._begun.add(id)
            task = asyncio.get_running_loop().create_task(self._serve(spec), name=f"console {id}")
            self._sessions[id] = task
            task.add_done_callback(lambda _: self._ended(id))
        if assignment is not None:
            self._publish(assignment)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all sessions that were not looked at as they are wished now."""
        unsettled = []
        for assignment in self._context.desired.list(Kind.CONSOLE):
            told = self._context.outbox.find(Kind.CONSOLE, assignment.id)
            if told is None or told.generation != assignment.generation:
                unsettled.append(assignment.id)
        return unsettled

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """The viewer is told by the end of the connection."""

    async def watch(self) -> None:
        """End all sessions when the agent ends. Runs until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.gather(*map(self._stop, list(self._sessions)))

    async def _stop(self, id: str) -> None:
        task = self._sessions.get(id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _ended(self, id: str) -> None:
        self._sessions.pop(id, None)
        self._context.wake(Kind.CONSOLE, id)

    def _publish(self, assignment: Assignment) -> None:
        self._context.outbox.publish(
            Observation(
                kind=Kind.CONSOLE,
                id=assignment.id,
                generation=assignment.generation,
                present=assignment.id in self._sessions,
                settled=True,
            )
        )

    async def _serve(self, spec: ConsoleSpec) -> None:
        try:
            socket = await self._reach(spec)
        except PilviError as error:
            log.warning("cannot join a console", session=spec.session_id, error=error.message)
            return
        code = CloseCode.HOST_LOST
        try:
            code = await self._join(spec, socket)
        except NotFound as error:
            log.info("cannot open a console", session=spec.session_id, error=error.message)
            code = CloseCode.GUEST_GONE
        except Exception:
            log.exception("cannot serve a console", session=spec.session_id)
        finally:
            await socket.close(code, code.reason)

    async def _reach(self, spec: ConsoleSpec) -> Socket:
        """The connection to where the viewer waits."""
        deadline = asyncio.get_running_loop().time() + DIAL_S
        while True:
            try:
                return await self._dial(spec)
            except (NotFound, Unavailable):
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            await asyncio.sleep(DIAL_PAUSE_S)

    async def _join(self, spec: ConsoleSpec, socket: Socket) -> CloseCode:
        if len(self._sessions) > SESSIONS_MAX:
            return CloseCode.HOST_FULL
        if spec.line is not ConsoleLine.SERIAL:
            return await self._carry(spec, socket)
        taken: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()
        await self._take_line(spec, taken)
        carrying = asyncio.ensure_future(self._carry(spec, socket))
        try:
            await asyncio.wait([carrying, taken], return_when=asyncio.FIRST_COMPLETED)
            return carrying.result() if carrying.done() else CloseCode.TAKEN_OVER
        finally:
            carrying.cancel()
            await asyncio.wait([carrying])
            if self._serial.get(spec.server_id, ("",))[0] == spec.session_id:
                del self._serial[spec.server_id]

    async def _take_line(self, spec: ConsoleSpec, taken: asyncio.Future[CloseCode]) -> None:
        """Have the serial line to oneself: whoever had it is told, and has let go on return."""
        before = self._serial.get(spec.server_id)
        self._serial[spec.server_id] = (spec.session_id, taken)
        if before is None:
            return
        other, others = before
        if not others.done():
            others.set_result(CloseCode.TAKEN_OVER)
        if (task := self._sessions.get(other)) is not None:
            await asyncio.wait([task])

    async def _carry(self, spec: ConsoleSpec, socket: Socket) -> CloseCode:
        stream = await self._driver.open(spec)
        try:
            return await join(socket, stream, spec.line)
        finally:
            await stream.close()
