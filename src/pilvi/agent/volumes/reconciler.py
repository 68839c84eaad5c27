"""Joins wish, plan and driver for volumes.

What takes long, the copying of a source, is a job beside the looks; while it runs, nothing else is
done to its volume.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec
import structlog

from pilvi.agent.context import AgentContext
from pilvi.agent.faults import fault_of
from pilvi.agent.neighbours import list_neighbours
from pilvi.agent.step_log import take
from pilvi.agent.volumes.driver import SeenVolume, VolumeDriver, fingerprint
from pilvi.agent.volumes.filler import VolumeFiller
from pilvi.agent.volumes.holds import VolumeHolds
from pilvi.agent.volumes.jobs import Jobs
from pilvi.agent.volumes.plan import (
    AddTarget,
    FillFile,
    MakeFile,
    RemoveFile,
    RemoveTarget,
    Step,
    plan_volume,
)
from pilvi.core.reconcile import Again, Done, Result, Terminal
from pilvi.errors import PilviError
from pilvi.host_api.contract import Assignment, Kind, Observation
from pilvi.host_api.volumes import VolumeSeen, VolumeSpec

log = structlog.get_logger()

# Seconds between tries to start the exporting service. Lower: a taken port fills the log; higher:
# guests wait longer for their disks once it is free.
RESTART_S = 1.0
# Seconds until a look at a volume that is being copied. Lower: more looks; higher: later when the
# copy ends without a wake.
HELD_LOOK_S = 1.0
# Seconds between looks at how much volumes use. Lower: more reading; higher: older figures.
USAGE_S = 30.0


class VolumeReconciler:
    """Makes volumes of this host so, and keeps their exporting service running."""

    kind = "volume"

    def __init__(
        self,
        context: AgentContext,
        driver: VolumeDriver,
        holds: VolumeHolds,
        filler: VolumeFiller,
    ) -> None:
        self._context = context
        self._driver = driver
        self._holds = holds
        self._filler = filler
        self._jobs = Jobs(lambda id: context.wake(Kind.VOLUME, id))
        self._told_usage: dict[str, int] = {}

    async def reconcile(self, id: str) -> Result:
        """Bring one volume to its wish and tell what is there."""
        assignment = self._context.desired.find(Kind.VOLUME, id)
        if assignment is None:
            return Done()
        if self._holds.is_held(id):
            # Whoever holds it wakes it.
            return Again(HELD_LOOK_S, "a copy of it")
        async with self._holds.working(id):
            await self._reconcile(id, assignment, _read_spec(assignment))
        return Done()

    async def _reconcile(self, id: str, assignment: Assignment, spec: VolumeSpec | None) -> None:
        if spec is not None:
            await self._driver.start()
        seen = await self._driver.observe(id)
        if spec is not None and seen.size_bytes is not None and seen.size_bytes > spec.size_bytes:
            raise Terminal(f"cannot shrink volume {id}: its bytes could be somebody's")
        if self._jobs.find_tag(id) not in (None, _tag_of(spec, seen)):
            await self._jobs.stop(id)
        if self._jobs.is_running(id):
            self._publish(assignment, spec, seen)
            return
        await self._jobs.collect(id)
        steps = plan_volume(spec, seen)
        for step in steps:
            if isinstance(step, FillFile):
                work = partial(self._filler.fill, id, step)
                fill = partial(take, self.kind, id, step, work)
                self._jobs.start(id, _tag_of(spec, seen), fill)
                break
            await take(self.kind, id, step, partial(self._take, id, step))
        if steps:
            seen = await self._driver.observe(id)
        self._publish(assignment, spec, seen)
        if any(isinstance(step, AddTarget) for step in steps):
            self._wake_guests(id)

    async def list_unsettled(self) -> Sequence[str]:
        """Volumes not yet seen to be as this generation of their wish."""
        return [
            assignment.id
            for assignment in self._context.desired.list(Kind.VOLUME)
            if not self._is_answered(assignment)
        ]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why, beside what was last seen; it counts as present until it is seen gone."""
        assignment = self._context.desired.find(Kind.VOLUME, id)
        if assignment is None:
            return
        last = self._context.outbox.find(Kind.VOLUME, id)
        observation = Observation(
            kind=Kind.VOLUME,
            id=id,
            generation=assignment.generation,
            present=True,
            settled=False,
            fault=fault_of(error, "set up the volume"),
            seen=msgspec.Raw(b"null") if last is None else last.seen,
        )
        self._context.outbox.publish(observation)

    async def watch(self) -> None:
        """Start the exporting service again whenever it ends; look at usage now and then."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_service())
            group.create_task(self._watch_usage())

    async def _watch_service(self) -> None:
        while True:
            await self._driver.wait_ended()
            log.warning("the iSCSI target service ended")
            while wanted := self._list_wanted():
                try:
                    await self._driver.start()
                except PilviError as error:
                    log.error("cannot start the iSCSI target service", error=error.message)
                    await asyncio.sleep(RESTART_S)
                    continue
                for id in wanted:
                    self._context.wake(Kind.VOLUME, id)
                break

    async def _watch_usage(self) -> None:
        while True:
            await asyncio.sleep(USAGE_S)
            await self._driver.contents.prune_images()
            for id in self._list_wanted():
                seen = await self._driver.observe(id)
                if self._told_usage.get(id, seen.used_bytes) != seen.used_bytes:
                    self._context.wake(Kind.VOLUME, id)

    async def _take(self, id: str, step: Step) -> None:
        match step:
            case MakeFile(size_bytes):
                await self._driver.make_file(id, size_bytes)
            case RemoveFile():
                await self._driver.remove_file(id)
            case AddTarget(export):
                await self._driver.add_target(id, export)
            case RemoveTarget(iqn):
                await self._driver.remove_target(id, iqn)

    def _publish(self, assignment: Assignment, spec: VolumeSpec | None, seen: SeenVolume) -> None:
        answering = {target.fingerprint for target in seen.targets}
        exports = [] if spec is None else spec.exports
        told = VolumeSeen(
            size_bytes=seen.size_bytes or 0,
            used_bytes=seen.used_bytes,
            portal=self._driver.portal,
            content_generation=seen.content_generation,
            exported=[e.attachment_id for e in exports if fingerprint(e) in answering],
        )
        if spec is None:
            self._told_usage.pop(assignment.id, None)
        else:
            self._told_usage[assignment.id] = seen.used_bytes
        self._context.outbox.publish(
            Observation(
                kind=Kind.VOLUME,
                id=assignment.id,
                generation=assignment.generation,
                present=seen.is_present,
                settled=not plan_volume(spec, seen),
                waiting="the copy of its source" if self._jobs.is_running(assignment.id) else "",
                seen=msgspec.Raw(msgspec.json.encode(told)),
            )
        )

    def _wake_guests(self, id: str) -> None:
        for kind, neighbour in list_neighbours(self._context.desired, Kind.VOLUME, id):
            self._context.wake(kind, neighbour)

    def _list_wanted(self) -> list[str]:
        return [a.id for a in self._context.desired.list(Kind.VOLUME) if a.present]

    def _is_answered(self, assignment: Assignment) -> bool:
        last = self._context.outbox.find(Kind.VOLUME, assignment.id)
        if last is None or last.generation != assignment.generation:
            return False
        # A removal is never given up.
        is_final = assignment.present and last.fault is not None and last.fault.terminal
        return last.settled or is_final


def _read_spec(assignment: Assignment) -> VolumeSpec | None:
    if not assignment.present:
        return None
    return msgspec.json.decode(assignment.spec, type=VolumeSpec)


def _tag_of(spec: VolumeSpec | None, seen: SeenVolume) -> bytes:
    """What a copy into a volume is begun for: another source, size or generation ends it."""
    if spec is None:
        return b"none"
    size = max(spec.size_bytes, seen.size_bytes or 0)
    return msgspec.json.encode((spec.source, spec.content_generation, size))
