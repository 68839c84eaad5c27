"""Joins wish, plan and driver for volumes."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from pilvi.agent.context import AgentContext
from pilvi.agent.faults import fault_of
from pilvi.agent.volumes.driver import SeenVolume, VolumeDriver, fingerprint
from pilvi.agent.volumes.plan import (
    AddTarget,
    GrowTarget,
    MakeFile,
    RemoveFile,
    RemoveTarget,
    Step,
    plan_volume,
)
from pilvi.core.reconcile import Done, Result, Terminal
from pilvi.errors import PilviError
from pilvi.host_api.contract import Assignment, Kind, Observation
from pilvi.host_api.volumes import VolumeSeen, VolumeSpec

log = structlog.get_logger()

# Seconds between tries to start the exporting service. Lower: a taken port fills the log; higher:
# guests wait longer for their disks once it is free.
RESTART_S = 1.0
# Seconds between looks at how much volumes use. Lower: more reading; higher: older figures.
USAGE_S = 30.0


class VolumeReconciler:
    """Makes volumes of this host so, and keeps their exporting service running."""

    kind = "volume"

    def __init__(self, context: AgentContext, driver: VolumeDriver) -> None:
        self._context = context
        self._driver = driver

    async def reconcile(self, id: str) -> Result:
        """Bring one volume to its wish and tell what is there."""
        assignment = self._context.desired.find(Kind.VOLUME, id)
        if assignment is None:
            return Done()
        spec = _read_spec(assignment)
        if spec is not None:
            await self._driver.start()
        seen = await self._driver.observe(id)
        if spec is not None and seen.size_bytes is not None and seen.size_bytes > spec.size_bytes:
            raise Terminal(f"cannot shrink volume {id}: its bytes could be somebody's")
        steps = plan_volume(spec, seen)
        for step in steps:
            await self._take(id, step)
        if steps:
            seen = await self._driver.observe(id)
        self._publish(assignment, spec, seen)
        if any(isinstance(step, AddTarget | GrowTarget) for step in steps):
            self._wake_guests(id)
        return Done()

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
            fault=fault_of(error),
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
            while self._wake_all():
                try:
                    await self._driver.start()
                    break
                except PilviError as error:
                    log.error("cannot start the iSCSI target service", error=error.message)
                    await asyncio.sleep(RESTART_S)
            self._wake_all()

    async def _watch_usage(self) -> None:
        while True:
            await asyncio.sleep(USAGE_S)
            for assignment in self._context.desired.list(Kind.VOLUME):
                last = self._context.outbox.find(Kind.VOLUME, assignment.id)
                seen = await self._driver.observe(assignment.id)
                if last is not None and last.settled and last.seen != _encode(self._told(seen, ())):
                    self._context.wake(Kind.VOLUME, assignment.id)

    async def _take(self, id: str, step: Step) -> None:
        match step:
            case MakeFile(size_bytes):
                await self._driver.make_file(id, size_bytes)
            case RemoveFile():
                await self._driver.remove_file(id)
            case AddTarget(export):
                await self._driver.add_target(id, export)
            case GrowTarget(iqn):
                await self._driver.grow_target(id, iqn)
            case RemoveTarget(iqn):
                await self._driver.remove_target(id, iqn)
