"""Joins wish and driver: look, plan, take one step, tell, again.

Everything that a user can see is told as it happens. A failed step is told with a public message;
one that cannot help until the wish changes is tried no more for that generation.
"""

import asyncio
import errno
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from pilvi.agent.context import AgentContext, ImageTransfer, TapSource
from pilvi.agent.disks.layers import list_layers
from pilvi.agent.faults import fault_of, no_space
from pilvi.agent.step_log import take
from pilvi.agent.vms.console import ConsolePiece
from pilvi.agent.vms.driver import HostDriver
from pilvi.agent.vms.local_vm import LocalVm, Plug, Process
from pilvi.agent.vms.plan import (
    AttachNic,
    AttachVolume,
    CreateConfigDrive,
    CreateDisk,
    DetachNic,
    DetachVolume,
    EndProcess,
    FetchBase,
    Launch,
    Prepare,
    Press,
    Remove,
    RemoveDisk,
    Step,
    Wait,
    plan_vm,
)
from pilvi.core.reconcile import Again, Done, Result
from pilvi.errors import Unavailable
from pilvi.host_api.contract import Assignment, HostFault, Kind, Observation
from pilvi.host_api.vms import ImageSource, Power, VmSeen, VmSpec

# More steps than any wish needs; reaching it means that a step has no effect.
STEPS_MAX = 100
# Between looks at what no event tells: used disk space, logs. Lower: more work; higher: older
# figures, longer logs.
TEND_S = 10.0
# How long an image that no vm uses stays on the host. Lower: it is fetched again and the launch
# waits for it; higher: disk space is held.
BASE_IDLE_S = 24 * 3600.0

# A process that ends at once mostly does so again. Lower: a moment's trouble fails a server;
# higher: its owner waits longer for the reason.
LAUNCH_TRIES_MAX = 5

_PHRASES: dict[type[Step], str] = {
    Prepare: "prepare the guest",
    FetchBase: "fetch the image",
    CreateDisk: "make the guest's disk",
    RemoveDisk: "remove the guest's old disk",
    CreateConfigDrive: "make the config drive",
    Launch: "start the guest",
    AttachVolume: "attach the volume",
    DetachVolume: "detach the volume",
    AttachNic: "attach the network card",
    DetachNic: "detach the network card",
    Press: "change the guest's power state",
    EndProcess: "stop the guest",
    Remove: "remove the guest",
}
_HELD = (Plug.WHOLE, Plug.LEAVING)
_POWERS = {
    Process.RUNNING: Power.RUNNING,
    Process.SILENT: Power.RUNNING,
    Process.OUT_OF_SPACE: Power.RUNNING,
    Process.PAUSED: Power.PAUSED,
    Process.SAVING: Power.RUNNING,
    Process.SAVED: Power.RUNNING,
    Process.RESTORING: Power.SUSPENDED,
    Process.READING: Power.SUSPENDED,
}


class VmReconciler:
    """Makes every vm of this host so."""

    def __init__(
        self, context: AgentContext, driver: HostDriver, taps: TapSource, images: ImageTransfer
    ) -> None:
        self._context = context
        self._driver = driver
        self._taps = taps
        self._images = images
        self._doing: dict[str, str] = {}
        self._faults: dict[str, tuple[int, str, HostFault]] = {}
        self._fetches: dict[str, _Fetch] = {}

    @property
    def kind(self) -> str:
        """The kind that wake-ups name."""
        return Kind.VM

    async def reconcile(self, id: str) -> Result:
        """Take steps until the vm is as wished or has to wait. Repeatable."""
        for _ in range(STEPS_MAX):
            # Before the wish is read: the one that was kept before the host asked starts nothing.
            awaits_word = not self._context.may_start()
            assignment = self._context.desired.find(Kind.VM, id)
            if assignment is None:
                return Done()
            spec = self._context.desired.find_spec(Kind.VM, id, VmSpec)
            seen = replace(await self._look(id, spec), awaits_word=awaits_word)
            steps = plan_vm(spec, seen)
            if not steps:
                self._faults.pop(id, None)
            self._publish(assignment, spec, seen, steps)
            if not steps or self._has_given_up(assignment):
                return Done()
            if isinstance(steps[0], Wait):
                return Again(steps[0].after_s, steps[0].why)
            await self._apply(id, steps[0])
        raise AssertionError(f"vm {id} does not come to rest")

    async def list_unsettled(self) -> Sequence[str]:
        """Ids of all vms that are not known to be as desired and have not been given up."""
        return [
            assignment.id
            for assignment in self._context.desired.list(Kind.VM)
            if not self._is_settled(assignment) and not self._has_given_up(assignment)
        ]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Tell why the last try failed. A first failure that may pass by itself is not told."""
        assignment = self._context.desired.find(Kind.VM, id)
        if assignment is None:
            return
        doing = self._doing.get(id, "look at the guest")
        found = fault_of(error, doing)
        if tries < 2 and isinstance(error, Unavailable):
            return
        if doing == _PHRASES[Launch] and tries >= LAUNCH_TRIES_MAX:
            found = msgspec.structs.replace(found, terminal=True)
        self._faults[id] = (assignment.generation, doing, found)
        spec = self._context.desired.find_spec(Kind.VM, id, VmSpec)
        try:
            seen = await self._look(id, spec)
        except Exception:
            seen = LocalVm(present=True)
        self._publish(assignment, spec, seen, plan_vm(spec, seen))

    async def read_console(self, server_id: str, offset: int, limit: int) -> ConsolePiece:
        """New bytes of a guest's serial console."""
        return await self._driver.read_console(server_id, offset, limit)

    async def watch(self) -> None:
        """Turn what happens by itself into looks, and keep figures and logs in bounds.

        Runs until cancelled; takes the fetches of images with it.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_events())
                group.create_task(self._tend())
        finally:
            tasks = [fetch.task for fetch in self._fetches.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._fetches.clear()

    async def _watch_events(self) -> None:
        async for server_id in self._driver.events():
            self._context.wake(Kind.VM, server_id)
            for capture in self._context.desired.list(Kind.CAPTURE):
                self._context.wake(Kind.CAPTURE, capture.id)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_S)
            await self._driver.tend()
            await self._driver.prune_bases(BASE_IDLE_S)
            for assignment in self._context.desired.list(Kind.VM):
                if self._is_settled(assignment):
                    self._context.wake(Kind.VM, assignment.id)

    async def _look(self, id: str, spec: VmSpec | None) -> LocalVm:
        seen = await self._driver.observe(id)
        nics = spec.nics if spec else []
        ready = frozenset(nic.port_id for nic in nics if self._taps.is_ready(nic.port_id))
        fetching = frozenset(
            image_id
            for image_id, fetch in self._fetches.items()
            if id in fetch.waiting and not fetch.task.done()
        )
        return replace(seen, ready_ports=ready, fetching=fetching)

    async def _apply(self, id: str, step: Step) -> None:
        phrase = _PHRASES[type(step)]
        self._doing[id] = phrase
        try:
            await take(self.kind, id, step, partial(self._take, id, step))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(phrase) from error
            raise
        _, failed, _ = self._faults.get(id, (0, "", None))
        if failed == phrase:
            del self._faults[id]
        self._doing.pop(id, None)

    async def _take(self, id: str, step: Step) -> None:
        driver = self._driver
        match step:
            case Prepare():
                await driver.prepare(id)
            case FetchBase(image):
                await self._fetch(id, image)
            case CreateDisk(disk, generation):
                await driver.create_disk(id, disk, generation)
            case RemoveDisk(device, generation):
                await driver.remove_disk(id, device, generation)
            case CreateConfigDrive(documents):
                await driver.create_config_drive(id, documents)
            case Launch(spec):
                await driver.launch(spec)
            case AttachVolume(volume):
                await driver.attach_volume(id, volume)
            case DetachVolume(attachment_id):
                await driver.detach_volume(id, attachment_id)
            case AttachNic():
                await self._attach_nic(id, step)
            case DetachNic(port_id):
                await driver.detach_nic(id, port_id)
            case Press(button):
                await driver.press(id, button)
            case EndProcess(ended):
                await driver.end_process(id, ended)
            case Remove():
                await driver.remove(id)

    async def _attach_nic(self, id: str, step: AttachNic) -> None:
        tap = await asyncio.to_thread(self._taps.open_tap, step.nic.port_id)
        try:
            await self._driver.attach_nic(id, step.nic, tap)
        finally:
            os.close(tap)

    async def _fetch(self, id: str, image: ImageSource) -> None:
        """Begin a fetch, join the one that runs, or raise why it failed."""
        fetch = self._fetches.get(image.image_id)
        if fetch is not None and fetch.task.done() and id not in fetch.waiting:
            fetch = None
        if fetch is None:
            store = self._driver.store_base(image, self._images.fetch(image.image_id))
            fetch = _Fetch(asyncio.get_running_loop().create_task(_shielded(store)))
            fetch.task.add_done_callback(lambda _: self._wake_all())
            self._fetches[image.image_id] = fetch
        if not fetch.task.done():
            fetch.waiting.add(id)
            return
        fetch.waiting.discard(id)
        if not fetch.waiting:
            del self._fetches[image.image_id]
        if error := fetch.task.result():
            raise error

    def _wake_all(self) -> None:
        for assignment in self._context.desired.list(Kind.VM):
            if not self._is_settled(assignment):
                self._context.wake(Kind.VM, assignment.id)

    def _is_settled(self, assignment: Assignment) -> bool:
        told = self._context.outbox.find(Kind.VM, assignment.id)
        return told is not None and told.settled and told.generation == assignment.generation

    def _has_given_up(self, assignment: Assignment) -> bool:
        generation, _, found = self._faults.get(assignment.id, (-1, "", None))
        if not assignment.present:
            # A removal is never given up.
            return False
        return found is not None and found.terminal and generation == assignment.generation

    def _publish(
        self, assignment: Assignment, spec: VmSpec | None, seen: LocalVm, steps: list[Step]
    ) -> None:
        generation, _, found = self._faults.get(assignment.id, (-1, "", None))
        first = steps[0] if steps else None
        self._context.outbox.publish(
            Observation(
                kind=Kind.VM,
                id=assignment.id,
                generation=assignment.generation,
                present=seen.present,
                settled=not steps,
                waiting=first.why if isinstance(first, Wait) else "",
                fault=found if generation == assignment.generation else None,
                seen=msgspec.Raw(msgspec.json.encode(vm_seen(spec, seen))),
            )
        )


@dataclass(slots=True)
class _Fetch:
    """An image on its way; the task answers why it failed."""

    task: asyncio.Task[Exception | None]
    waiting: set[str] = field(default_factory=set)
    """Vms that have not been told its end."""


async def _shielded(work: Coroutine[Any, Any, None]) -> Exception | None:
    """The failure of some work as a value, so that it can be told to many or to nobody."""
    try:
        await work
    except Exception as error:
        return error
    return None


def vm_seen(spec: VmSpec | None, seen: LocalVm) -> VmSeen | None:
    """What is told of a vm; None when nothing of it is there. Pure.

    A vm without a process has no volumes and ports, and counts as rebuilt when its disks are.
    """
    if not seen.present:
        return None
    power = _POWERS.get(seen.process, Power.STOPPED)
    if seen.process is Process.PRELAUNCH and spec is not None and spec.power is Power.PAUSED:
        power = Power.PAUSED
    if seen.process is Process.NONE and seen.has_state:
        power = Power.SUSPENDED
    image_generation = seen.image_generation
    if seen.process is Process.NONE and spec is not None:
        made = {(disk.device, disk.generation) for disk in seen.disks}
        wanted = {
            (disk.device, layer)
            for disk in spec.disks
            for layer in list_layers(disk, spec.image_generation)
        }
        if wanted <= made:
            image_generation = spec.image_generation
    return VmSeen(
        power=power,
        boot_generation=seen.boot_generation,
        image_generation=image_generation,
        attached_volumes=sorted(id for id, plug in seen.volumes.items() if plug in _HELD),
        attached_ports=sorted(id for id, plug in seen.nics.items() if plug in _HELD),
        accelerator=seen.accelerator,
        pid=seen.pid,
        started_at=seen.started_at,
        disk_bytes={disk.device: disk.used_bytes for disk in seen.disks},
    )
