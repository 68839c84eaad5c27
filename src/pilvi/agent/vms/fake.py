"""The fake driver: vms in memory that behave as the real ones do, for tests and `--fake`.

Its memory stands for the host: a test starts a new reconciler on the same fake as an agent that
was restarted. A guest does what its attributes say; a method can be told to fail or be slow.
"""

import asyncio
import contextlib
import hashlib
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from pilvi.agent.disks.bases import wrong_bytes
from pilvi.agent.disks.config_drive import digest
from pilvi.agent.disks.layers import layer_below
from pilvi.agent.disks.qcow2 import empty_qcow2
from pilvi.agent.vms.console import ConsolePiece
from pilvi.agent.vms.driver import CaptureState, DriverFacts, LocalCapture, ProcessCounts
from pilvi.agent.vms.fake_holdings import list_holdings
from pilvi.agent.vms.fake_vm import LIVE, FakeVm
from pilvi.agent.vms.guests import Changes
from pilvi.agent.vms.local_vm import Button, Ended, LocalDisk, LocalVm, Plug, Process
from pilvi.errors import NotFound, Unavailable
from pilvi.host_api.holdings import Holding
from pilvi.host_api.vms import (
    CaptureSpec,
    Disk,
    GuestDocuments,
    ImageSource,
    Nic,
    VmSpec,
    VolumeConnection,
)


@dataclass(slots=True)
class _Fault:
    error: Exception
    times: int
    after: bool


class FakeVms:
    """All vms of a fake host; keeps `HostDriver`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.vms: dict[str, FakeVm] = {}
        self.bases: set[str] = set()
        self.captures: dict[str, LocalCapture] = {}
        self.obeys_power_button = True
        """Whether guests shut down and give devices up when asked."""
        self.shutdown_s = 0.0
        """How long a guest takes to shut down."""
        self._folder = folder
        self._changes = Changes()
        self._faults: dict[str, _Fault] = {}
        self._delays: dict[str, float] = defaultdict(float)
        self._pid = 1000

    def fail(self, method: str, error: Exception, *, times: int = 1, after: bool = False) -> None:
        """Let the next calls of a method fail, before or after they had their effect."""
        self._faults[method] = _Fault(error, times, after)

    def delay(self, method: str, seconds: float) -> None:
        """Let a method take its time."""
        self._delays[method] = seconds

    def power_off(self, server_id: str) -> None:
        """The guest turns its power off by itself."""
        vm = self.vms.get(server_id)
        if vm is not None and vm.process is Process.RUNNING:
            vm.process = Process.SHUT_DOWN
            self._changes.add(server_id)

    def crash(self, server_id: str) -> None:
        """The guest's process dies."""
        self._lose(self.vms[server_id], witnessed=True)
        self._changes.add(server_id)

    def restart_host(self) -> None:
        """The host loses its power: every process is gone, and no agent saw it."""
        for vm in self.vms.values():
            self._lose(vm, witnessed=False)

    @staticmethod
    def _lose(vm: FakeVm, *, witnessed: bool) -> None:
        if vm.process in LIVE:
            vm.process = Process.GONE
            vm.witnessed = witnessed and vm.begun
            vm.pid = None
            vm.volumes, vm.nics = {}, {}

    @contextlib.asynccontextmanager
    async def _step(self, method: str) -> AsyncIterator[None]:
        if self._delays[method]:
            await asyncio.sleep(self._delays[method])
        fault = self._faults.get(method)
        if fault is None:
            yield
            return
        fault.times -= 1
        if fault.times <= 0:
            del self._faults[method]
        if fault.after:
            yield
        raise fault.error

    @property
    def capabilities(self) -> list[str]:
        """Names of what it can do; they become traits."""
        return ["config-drive", "hot-plug", "iscsi", "live-snapshot", "pause", "suspend"]

    async def facts(self) -> DriverFacts:
        """What guests are run by."""
        return DriverFacts("tcg", "0.0.0")

    def list_vms(self) -> list[str]:
        """Ids of all vms of which anything is here."""
        return sorted(self.vms)

    def events(self) -> AsyncIterator[str]:
        """Ids of vms of which something changed by itself. For one reader."""
        return self._changes.read()

    async def tend(self) -> None:
        """Nothing grows here."""

    async def read_console(self, server_id: str, offset: int, limit: int) -> ConsolePiece:
        """New bytes of a guest's serial console."""
        vm = self.vms.get(server_id)
        console = vm.console if vm else b""
        start = min(max(offset, 0), len(console))
        return ConsolePiece(start, bytes(console[start : start + limit]), len(console))

    async def count(self, server_id: str) -> ProcessCounts | None:
        """What a guest's process has used; None when there is no process."""
        vm = self.vms.get(server_id)
        return None if vm is None else vm.count()

    async def close(self) -> None:
        """Nothing is held; guests go on."""

    async def holdings(self) -> list[Holding]:
        """Everything that is here."""
        return list_holdings(self.vms, self.bases, self.captures)

    async def prune_bases(self, idle_s: float) -> list[str]:
        """Remove every image when no time has to pass; this one keeps no time."""
        gone = [] if idle_s else sorted(self.bases)
        self.bases -= set(gone)
        return gone

    async def observe(self, server_id: str) -> LocalVm:
        """Everything that is there of a vm."""
        async with self._step("observe"):
            vm = self.vms.get(server_id)
        bases = frozenset(self.bases)
        if vm is None:
            return LocalVm(bases=bases)
        now = time.monotonic()
        is_live = vm.process in LIVE
        written = max(vm.boot_generation, 0) << 20  # A MiB at each boot.
        return LocalVm(
            present=True,
            recorded=True,
            process=vm.process,
            witnessed=vm.witnessed,
            ended=vm.ended,
            boot_generation=vm.boot_generation,
            image_generation=vm.image_generation,
            disks=tuple(LocalDisk(device, layer, written) for device, layer in sorted(vm.disks)),
            has_state=vm.has_state,
            config_digest=vm.config_digest,
            volumes=dict(vm.volumes),
            volume_sizes=dict(vm.volume_sizes),
            nics=dict(vm.nics),
            shutdown_age_s=None if vm.asked_at is None else now - vm.asked_at,
            press_age_s=now - vm.pressed_at,
            accelerator="tcg" if is_live else "",
            pid=vm.pid,
            started_at=vm.started_at if is_live else None,
            bases=bases,
        )

    async def prepare(self, server_id: str) -> None:
        """Make an empty vm."""
        async with self._step("prepare"):
            self.vms.setdefault(server_id, FakeVm())

    async def store_base(self, image: ImageSource, pieces: AsyncIterator[bytes]) -> None:
        """Check an image's bytes and remember that it is here."""
        async with self._step("store_base"):
            size, sha512 = 0, hashlib.sha512()
            async for piece in pieces:
                size += len(piece)
                sha512.update(piece)
            if size != image.size_bytes or sha512.hexdigest() != image.sha512:
                raise wrong_bytes()
            self.bases.add(image.image_id)

    async def create_disk(self, server_id: str, disk: Disk, generation: int) -> None:
        """Make a local disk."""
        async with self._step("create_disk"):
            vm, below = self.vms[server_id], layer_below(disk, generation)
            if below is not None and (disk.device, below) not in vm.disks:
                raise FileNotFoundError(f"{disk.device}.{below}")
            is_lowest = below is None and disk.image is not None
            if is_lowest and disk.image and disk.image.image_id not in self.bases:
                raise FileNotFoundError(disk.image.image_id)
            vm.disks.add((disk.device, generation))

    async def remove_disk(self, server_id: str, device: str, generation: int) -> None:
        """Remove a local disk."""
        async with self._step("remove_disk"):
            self.vms[server_id].disks.discard((device, generation))

    async def create_config_drive(self, server_id: str, documents: GuestDocuments) -> None:
        """Remember the documents."""
        async with self._step("create_config_drive"):
            self.vms[server_id].config_digest = digest(documents)

    async def launch(self, spec: VmSpec) -> None:
        """Start a process that waits before the guest's first instruction."""
        async with self._step("launch"):
            vm = self.vms[spec.server_id]
            if vm.process in LIVE:
                return
            self._pid += 1
            vm.process = Process.RESTORING if vm.has_state else Process.PRELAUNCH
            vm.begun, vm.pid = vm.has_state, self._pid
            vm.started_at, vm.asked_at = time.time(), None
            vm.boot_generation = spec.boot_generation
            vm.image_generation = spec.image_generation
            vm.volumes, vm.nics = {}, {}

    async def attach_volume(self, server_id: str, volume: VolumeConnection) -> None:
        """Give the process a volume."""
        async with self._step("attach_volume"):
            vm = self._live(server_id)
            vm.volumes[volume.attachment_id] = Plug.WHOLE
            vm.volume_sizes[volume.attachment_id] = volume.size_bytes

    async def detach_volume(self, server_id: str, attachment_id: str) -> None:
        """Ask the guest to give a volume up; once it has, drop the rest."""
        async with self._step("detach_volume"):
            self._detach(server_id, self._live(server_id).volumes, attachment_id)

    async def attach_nic(self, server_id: str, nic: Nic, tap: int) -> None:
        """Give the process a network card on an open tap."""
        async with self._step("attach_nic"):
            os.fstat(tap)
            self._live(server_id).nics[nic.port_id] = Plug.WHOLE

    async def detach_nic(self, server_id: str, port_id: str) -> None:
        """Ask the guest to give a network card up; once it has, drop the rest."""
        async with self._step("detach_nic"):
            self._detach(server_id, self._live(server_id).nics, port_id)

    def _detach(self, server_id: str, held: dict[str, Plug], id: str) -> None:
        if held.get(id) is Plug.PARTIAL:
            del held[id]
        elif id in held:
            follows = self.obeys_power_button and self._live(server_id).process is Process.RUNNING
            held[id] = Plug.PARTIAL if follows else Plug.LEAVING
            self._changes.add(server_id)

    async def press(self, server_id: str, button: Button) -> None:
        """Resume, pause, save, restore, or ask the guest to shut down."""
        async with self._step("press"):
            vm = self.vms[server_id]
            if button is Button.FORGET:
                vm.asked_at = None
                return
            vm = self._live(server_id)
            if button is Button.PAUSE:
                vm.process, vm.has_state = Process.PAUSED, False
            elif button is Button.RESTORE:
                vm.process = Process.PAUSED
            elif button is Button.SAVE:
                vm.process = Process.SAVED
            elif button is Button.POWER:
                vm.pressed_at = time.monotonic()
                vm.asked_at = vm.asked_at or vm.pressed_at
                self._shut_down(server_id)
            else:
                self._resume(server_id, vm)

    def _resume(self, server_id: str, vm: FakeVm) -> None:
        if not vm.begun:
            vm.console += f"fake guest {server_id} boot {vm.boot_generation}\n".encode()
            vm.console += b"no kernel\nno disks\nGUEST: READY\n"
        vm.process, vm.begun, vm.has_state = Process.RUNNING, True, False
        if self.obeys_power_button:
            for held in (vm.volumes, vm.nics):
                held.update({id: Plug.PARTIAL for id, plug in held.items() if plug is Plug.LEAVING})
        self._changes.add(server_id)

    def _shut_down(self, server_id: str) -> None:
        if not self.obeys_power_button:
            return
        if self.shutdown_s:
            asyncio.get_running_loop().call_later(self.shutdown_s, self.power_off, server_id)
        else:
            self.power_off(server_id)

    async def end_process(self, server_id: str, ended: Ended) -> None:
        """End the process, if there is one, and remember how it ended."""
        async with self._step("end_process"):
            vm = self.vms[server_id]
            is_whole = vm.has_state or vm.process is Process.SAVED
            vm.has_state = ended is Ended.SUSPENDED and is_whole
            vm.process, vm.ended, vm.pid = Process.NONE, ended, None
            vm.asked_at, vm.witnessed = None, False
            vm.volumes, vm.nics = {}, {}

    async def remove(self, server_id: str) -> None:
        """Remove everything of a vm."""
        async with self._step("remove"):
            self.vms.pop(server_id, None)

    async def observe_capture(self, image_id: str) -> LocalCapture:
        """How far a copy is."""
        return self.captures.get(image_id, LocalCapture(CaptureState.NONE))

    async def start_capture(self, spec: CaptureSpec, vm: VmSpec) -> None:
        """Copy a disk: an empty qcow2 of its size."""
        async with self._step("start_capture"):
            disk = next((disk for disk in vm.disks if disk.device == spec.device), None)
            if disk is None or spec.server_id not in self.vms or self._folder is None:
                raise NotFound("cannot copy the disk: the server has no such disk on this host")
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{spec.image_id}.qcow2"
            with path.open("wb") as file:
                for offset, piece in empty_qcow2(disk.size_bytes):
                    file.seek(offset)
                    file.write(piece)
            size = path.stat().st_size
            self.captures[spec.image_id] = LocalCapture(CaptureState.ENDED, size, size, str(path))

    async def collect_capture(self, image_id: str) -> None:
        """The copy is whole."""
        async with self._step("collect_capture"):
            self.captures[image_id] = replace(self.captures[image_id], state=CaptureState.COPIED)

    async def finish_capture(self, image_id: str) -> None:
        """The copy was sent: keep only that it was."""
        async with self._step("finish_capture"):
            copy = self.captures[image_id]
            Path(copy.path).unlink(missing_ok=True)
            self.captures[image_id] = LocalCapture(
                CaptureState.SENT, copy.done_bytes, copy.total_bytes
            )

    async def remove_capture(self, image_id: str) -> None:
        """Remove everything of a copy."""
        async with self._step("remove_capture"):
            copy = self.captures.pop(image_id, None)
            if copy is not None and copy.path:
                Path(copy.path).unlink(missing_ok=True)

    def list_captures(self) -> list[str]:
        """Image ids of all captures of which anything is here."""
        return sorted(self.captures)

    def _live(self, server_id: str) -> FakeVm:
        vm = self.vms.get(server_id)
        if vm is None or vm.process not in LIVE:
            raise Unavailable("cannot reach the guest's process", detail="it ended")
        return vm
