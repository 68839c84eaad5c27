"""Snapshots: a disk is copied on its host and the copy is sent to the image store.

A capture is one-shot: `none → copying → ended → copied → sent`. A copy that was broken off, by the
end of the guest's process or of the agent, begins again; what was sent stays sent.
"""

import asyncio
import errno
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

import msgspec

from pilvi.agent.context import AgentContext, ImageTransfer
from pilvi.agent.faults import HostTerminal, fault_of, no_space
from pilvi.agent.step_log import take
from pilvi.agent.vms.driver import CaptureDriver, CaptureState, LocalCapture
from pilvi.core.reconcile import Again, Done, Result, Terminal
from pilvi.errors import Conflict, NotFound, Unavailable
from pilvi.host_api.contract import Assignment, HostFault, Kind, Observation
from pilvi.host_api.vms import CaptureSeen, CaptureSpec, VmSpec

STEPS_MAX = 20
# Between looks at a copy's progress. Events end most waits; lower: more work while copying.
LOOK_S = 0.5


class Sending(StrEnum):
    """Where the sending of a copy is."""

    NOT = "not"
    RUNNING = "running"
    ENDED = "ended"


class CaptureStep(StrEnum):
    """What is to be done next for a capture."""

    START = "start"
    COLLECT = "collect"
    SEND = "send"
    FINISH = "finish"
    REMOVE = "remove"
    WAIT = "wait"
    NOTHING = "nothing"


def plan_capture(is_wanted: bool, seen: LocalCapture, sending: Sending) -> CaptureStep:
    """The next step for one capture. Pure."""
    if not is_wanted:
        is_gone = seen.state is CaptureState.NONE and sending is Sending.NOT
        return CaptureStep.NOTHING if is_gone else CaptureStep.REMOVE
    match seen.state:
        case CaptureState.NONE:
            return CaptureStep.START
        case CaptureState.COPYING:
            return CaptureStep.WAIT
        case CaptureState.ENDED:
            return CaptureStep.COLLECT
        case CaptureState.SENT:
            return CaptureStep.NOTHING
    return {
        Sending.NOT: CaptureStep.SEND,
        Sending.RUNNING: CaptureStep.WAIT,
        Sending.ENDED: CaptureStep.FINISH,
    }[sending]


class CaptureReconciler:
    """Makes every capture of this host so."""

    def __init__(self, context: AgentContext, driver: CaptureDriver, images: ImageTransfer) -> None:
        self._context = context
        self._driver = driver
        self._images = images
        self._sends: dict[str, asyncio.Task[None]] = {}
        self._faults: dict[str, tuple[int, HostFault]] = {}

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.CAPTURE

    async def reconcile(self, id: str) -> Result:
        """Take steps until the copy is sent, or has to wait. Repeatable."""
        for _ in range(STEPS_MAX):
            assignment = self._context.desired.find(Kind.CAPTURE, id)
            if assignment is None:
                return Done()
            spec = self._context.desired.find_spec(Kind.CAPTURE, id, CaptureSpec)
            seen = await self._driver.observe_capture(id)
            step = plan_capture(spec is not None, seen, self._sending(id))
            self._publish(assignment, seen, step)
            if step is CaptureStep.NOTHING or self._has_given_up(assignment):
                return Done()
            if step is CaptureStep.WAIT:
                return Again(LOOK_S, "the copy of a disk")
            try:
                work = partial(self._take, id, step, spec, seen)
                await take(self.kind, id, step, work)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise no_space("copy the disk") from error
                raise
        raise AssertionError(f"capture {id} does not come to rest")

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all captures that are not known to be as desired and have not been given up."""
        return [
            assignment.id
            for assignment in self._context.desired.list(Kind.CAPTURE)
            if not self._is_settled(assignment) and not self._has_given_up(assignment)
        ]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed."""
        assignment = self._context.desired.find(Kind.CAPTURE, id)
        if assignment is None:
            return
        self._faults[id] = (assignment.generation, fault_of(error, "copy the disk"))
        seen = LocalCapture(CaptureState.NONE)
        if not isinstance(error, Terminal):
            seen = await self._driver.observe_capture(id)
        self._publish(assignment, seen, CaptureStep.WAIT)

    async def _take(
        self, id: str, step: CaptureStep, spec: CaptureSpec | None, seen: LocalCapture
    ) -> None:
        if step is CaptureStep.REMOVE or spec is None:
            await self._stop_sending(id)
            self._faults.pop(id, None)
            await self._driver.remove_capture(id)
        elif step is CaptureStep.START:
            await self._start(spec)
        elif step is CaptureStep.COLLECT:
            await self._driver.collect_capture(id)
        elif step is CaptureStep.SEND:
            send = self._images.send(id, Path(seen.path))
            task = asyncio.get_running_loop().create_task(send)
            task.add_done_callback(lambda _: self._context.wake(Kind.CAPTURE, id))
            self._sends[id] = task
        elif step is CaptureStep.FINISH:
            await self._finish(id)

    async def _start(self, spec: CaptureSpec) -> None:
        vm = self._context.desired.find_spec(Kind.VM, spec.server_id, VmSpec)
        if vm is None:
            raise HostTerminal(NotFound("cannot copy the disk: the server is gone"))
        await self._driver.start_capture(spec, vm)

    async def _finish(self, id: str) -> None:
        task = self._sends.pop(id, None)
        if task is None:
            return
        try:
            await task
        except Conflict as error:
            # An earlier try holds the image, which the store gives up when its writer is gone; a
            # store that has the bytes says so by taking them again.
            raise Unavailable(
                "cannot send the copy: an earlier try is not over", detail=error.message
            ) from error
        except NotFound as error:
            await self._driver.remove_capture(id)
            raise HostTerminal(error) from error
        self._faults.pop(id, None)
        await self._driver.finish_capture(id)

    async def _stop_sending(self, id: str) -> None:
        task = self._sends.pop(id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _sending(self, id: str) -> Sending:
        task = self._sends.get(id)
        if task is None:
            return Sending.NOT
        return Sending.ENDED if task.done() else Sending.RUNNING

    def _is_settled(self, assignment: Assignment) -> bool:
        told = self._context.outbox.find(Kind.CAPTURE, assignment.id)
        return told is not None and told.settled and told.generation == assignment.generation

    def _has_given_up(self, assignment: Assignment) -> bool:
        generation, found = self._faults.get(assignment.id, (-1, None))
        if not assignment.present:
            # A removal is never given up.
            return False
        return found is not None and found.terminal and generation == assignment.generation

    def _publish(self, assignment: Assignment, seen: LocalCapture, step: CaptureStep) -> None:
        generation, found = self._faults.get(assignment.id, (-1, None))
        told = {CaptureState.COPIED: "sending", CaptureState.SENT: "sent"}
        state = CaptureSeen(
            state=told.get(seen.state, "copying"),
            done_bytes=seen.done_bytes,
            total_bytes=seen.total_bytes,
        )
        self._context.outbox.publish(
            Observation(
                kind=Kind.CAPTURE,
                id=assignment.id,
                generation=assignment.generation,
                present=seen.state is not CaptureState.NONE,
                settled=step is CaptureStep.NOTHING,
                waiting="the copy of a disk" if step is CaptureStep.WAIT else "",
                fault=found if generation == assignment.generation else None,
                seen=msgspec.Raw(msgspec.json.encode(state)),
            )
        )
