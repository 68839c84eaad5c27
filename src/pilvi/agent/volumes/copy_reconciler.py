"""Joins wish and driver for what is made of volumes: snapshots, backups, uploads."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

import msgspec

from pilvi.agent.context import AgentContext
from pilvi.agent.faults import fault_of
from pilvi.agent.step_log import take
from pilvi.agent.volumes.copies import Copies
from pilvi.agent.volumes.jobs import Jobs
from pilvi.core.reconcile import Done, Result
from pilvi.host_api.contract import Assignment, HostFault, Observation


class CopyStep(StrEnum):
    """What is done about a copy."""

    MAKE = "make"
    REMOVE = "remove"


class CopyReconciler:
    """Makes the copies of one kind so: each is made once, and removed when it is withdrawn."""

    def __init__(self, context: AgentContext, copies: Copies) -> None:
        self._context = context
        self._copies = copies
        self._jobs = Jobs(lambda id: context.wake(copies.kind, id))

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return self._copies.kind

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        assignment = self._context.desired.find(self._copies.kind, id)
        if assignment is None:
            return Done()
        if not assignment.present:
            await self._jobs.stop(id)
            await take(self.kind, id, CopyStep.REMOVE, partial(self._copies.remove, id))
            self._publish(assignment, None)
            return Done()
        if not self._jobs.is_running(id):
            await self._jobs.collect(id)
            seen = await self._copies.find(id, bytes(assignment.spec))
            if seen is not None:
                self._publish(assignment, seen)
                return Done()
            work = partial(self._copies.make, id, bytes(assignment.spec))
            self._jobs.start(id, b"", partial(take, self.kind, id, CopyStep.MAKE, work))
        self._publish(assignment, None)
        return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        return [
            assignment.id
            for assignment in self._context.desired.list(self._copies.kind)
            if not self._is_answered(assignment)
        ]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why; it counts as present until it is seen gone."""
        assignment = self._context.desired.find(self._copies.kind, id)
        if assignment is not None:
            self._publish(assignment, None, fault_of(error, "copy the volume"))

    def _publish(
        self, assignment: Assignment, seen: msgspec.Struct | None, fault: HostFault | None = None
    ) -> None:
        is_settled = fault is None and (seen is not None or not assignment.present)
        self._context.outbox.publish(
            Observation(
                kind=self._copies.kind,
                id=assignment.id,
                generation=assignment.generation,
                present=assignment.present or fault is not None,
                settled=is_settled,
                waiting="" if is_settled or fault else "the copy of a volume",
                fault=fault,
                seen=msgspec.Raw(msgspec.json.encode(seen)),
            )
        )

    def _is_answered(self, assignment: Assignment) -> bool:
        last = self._context.outbox.find(self._copies.kind, assignment.id)
        if last is None or last.generation != assignment.generation:
            return False
        # A removal is never given up.
        is_final = assignment.present and last.fault is not None and last.fault.terminal
        return last.settled or is_final
