"""The real driver: QEMU processes, qcow2 overlays, QMP.

Invariants: a vm's uid and slots are recorded before they are used; no process of a uid is left
when its record goes; nothing that a guest's process wrote is believed without its owner's uid.
"""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import time
from collections.abc import AsyncIterator

import msgspec
import structlog

from pilvi.agent.disks.bases import BaseCache
from pilvi.agent.vms import guest_disks, guest_state, plugs
from pilvi.agent.vms.cgroup import Cgroups
from pilvi.agent.vms.command_line import SLOT_DISKS, SLOTS_PLUGS, Accelerator, command
from pilvi.agent.vms.console import ConsolePiece, bound_logs, read_log, read_tail
from pilvi.agent.vms.driver import DriverFacts, LocalCapture, ProcessCounts
from pilvi.agent.vms.guests import Changes, Guest, Guests
from pilvi.agent.vms.kvm_probe import choose_accelerator
from pilvi.agent.vms.local_vm import Button, Ended, LocalVm
from pilvi.agent.vms.process import GuestProcess, find_processes, launch_error, spawn, start_lock
from pilvi.agent.vms.process_counts import count_process
from pilvi.agent.vms.process_sight import observe_process
from pilvi.agent.vms.qemu_captures import QemuCaptures
from pilvi.agent.vms.qemu_holdings import list_holdings
from pilvi.agent.vms.record import Launched, RecordStore, Shutdown, check_id
from pilvi.errors import PilviError, Unavailable
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
from pilvi.settings import Settings

log = structlog.get_logger()

# QEMU flushes its disks when it quits; a dead iSCSI target makes that last for ever.
QUIT_S = 0.5
QUIT_ANSWER_S = 0.3
KILL_S = 5.0


class QemuVms:
    """All vms of this host; keeps `HostDriver`."""

    def __init__(self, settings: Settings) -> None:
        self._settings, home = settings, settings.agent_dir
        self._records = RecordStore(home / "vms", settings.uid_guest_first, settings.uid_guest_last)
        self._bases = BaseCache(home / "bases")
        self._cgroups = Cgroups(settings.name_prefix)
        self._changes = Changes()
        self._guests = Guests(self._records, self._changes.add)
        self._captures = QemuCaptures(
            home / "captures", self._records, self._guests, self._changes.add
        )
        host = re.sub(r"[^a-z0-9.-]", "-", socket.gethostname().lower()) or "host"
        self._initiator = f"iqn.2026-11.pilvi:{settings.name_prefix}.{host}"
        self._accelerator: Accelerator | None = None
        self._probing = asyncio.Lock()

    @property
    def capabilities(self) -> list[str]:
        """Names of what it can do; they become traits."""
        return ["config-drive", "hot-plug", "iscsi", "live-snapshot", "pause", "suspend"]

    async def facts(self) -> DriverFacts:
        """What guests are run by; found out once."""
        accelerator = await self._choose_accelerator()
        version = ("qemu-system-x86_64", "--version")
        process = await asyncio.create_subprocess_exec(*version, stdout=asyncio.subprocess.PIPE)
        words, _ = await process.communicate()
        match = re.search(rb"version ([0-9.]+)", words)
        return DriverFacts(accelerator.name, match[1].decode() if match else "")

    def list_vms(self) -> list[str]:
        """Ids of all vms of which anything is here."""
        return self._records.list_ids()

    def events(self) -> AsyncIterator[str]:
        """Ids of vms of which something changed by itself. For one reader."""
        return self._changes.read()

    async def tend(self) -> None:
        """Bound the logs of all guests."""
        for server_id in self.list_vms():
            if self._records.find(server_id):
                await asyncio.to_thread(bound_logs, self._guests.folder(server_id))

    async def read_console(self, server_id: str, offset: int, limit: int) -> ConsolePiece:
        """New bytes of a guest's serial console."""
        if self._records.find(server_id) is None:
            return ConsolePiece(0, b"", 0)
        return await asyncio.to_thread(read_log, self._guests.folder(server_id), offset, limit)

    async def count(self, server_id: str) -> ProcessCounts | None:
        """What a guest's process has used; None when there is no process."""
        return await count_process(self._guests, server_id)

    async def close(self) -> None:
        """Give back what this process holds; guests go on."""
        await self._captures.close()
        await self._guests.close()

    async def holdings(self) -> list[Holding]:
        """Everything of vms and captures that is really there."""
        uids, groups = self._records.list_uids(), self._cgroups.list_folders()
        return await asyncio.to_thread(list_holdings, self._settings, uids, groups)

    async def prune_bases(self, idle_s: float) -> list[str]:
        """Remove the images that no vm has used for some seconds."""
        return await asyncio.to_thread(self._bases.prune, idle_s)

    async def observe(self, server_id: str) -> LocalVm:
        """Everything that is there of a vm."""
        bases = await asyncio.to_thread(self._bases.list_ids)
        record = self._records.find(check_id(server_id))
        if record is None:
            return LocalVm(present=self._records.folder(server_id).exists(), bases=bases)
        folder = self._guests.folder(server_id)
        disks = await asyncio.to_thread(folder.list_disks)
        guest = self._guests.find(server_id)
        seen = await observe_process(self._guests, record, guest)
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        shutdown = record.shutdown
        return LocalVm(
            present=True,
            recorded=folder.path.exists(),
            witnessed=self._guests.is_witnessed(server_id),
            ended=Ended(record.ended) if record.ended else None,
            boot_generation=record.boot_generation,
            image_generation=record.image_generation,
            disks=disks,
            has_state=guest_state.has_state(folder),
            config_digest=folder.config_digest(),
            shutdown_age_s=now - shutdown.asked_at if shutdown else None,
            press_age_s=now - shutdown.pressed_at if shutdown else 0.0,
            accelerator=record.launched.accelerator if record.launched else "",
            pid=guest.process.pid if guest else None,
            started_at=record.launched.started_at if record.launched and guest else None,
            copying=self._captures.is_converting(server_id),
            bases=bases,
            **seen,
        )

    async def prepare(self, server_id: str) -> None:
        """Record what the vm will own and make its folder."""
        await asyncio.to_thread(self._records.allocate, check_id(server_id))
        await asyncio.to_thread(self._guests.folder(server_id).make)

    async def store_base(self, image: ImageSource, pieces: AsyncIterator[bytes]) -> None:
        """Keep an image's bytes."""
        check_id(image.image_id)
        await self._bases.store(image, pieces)

    async def create_disk(self, server_id: str, disk: Disk, generation: int) -> None:
        """Make a local disk; the base of one from an image is here."""
        await asyncio.to_thread(
            guest_disks.create_disk, self._guests.folder(server_id), self._bases, disk, generation
        )

    async def remove_disk(self, server_id: str, device: str, generation: int) -> None:
        """Remove a local disk that no process has."""
        remove = self._guests.folder(server_id).remove_disk
        await asyncio.to_thread(remove, check_id(device), generation)

    async def create_config_drive(self, server_id: str, documents: GuestDocuments) -> None:
        """Write the config drive, in place of an older one."""
        folder = self._guests.folder(server_id)
        await asyncio.to_thread(guest_disks.create_config_drive, folder, documents)

    async def launch(self, spec: VmSpec) -> None:
        """Start a process that waits before the guest's first instruction."""
        if self._guests.find(server_id := spec.server_id) is not None:
            return
        accelerator = await self._choose_accelerator()
        before = self._records.get(server_id)
        console = await self.read_console(server_id, 0, 0)
        folder = self._guests.folder(server_id)
        restores = guest_state.may_restore(folder, before.restore_tries)
        kept = plugs.plug_keys(spec)
        record = msgspec.structs.replace(
            before,
            boot_generation=spec.boot_generation,
            image_generation=spec.image_generation,
            launched=Launched(
                started_at=time.time(), accelerator=accelerator.name, console_start=console.size
            ),
            shutdown=None,
            restore_tries=before.restore_tries + 1 if restores else 0,
            slots={key: slot for key, slot in before.slots.items() if key in kept},
        )
        self._records.save(record)
        try:
            arguments = command(spec, record.uid, accelerator, restores=restores)
            process = await asyncio.to_thread(self._spawn, spec, arguments)
            self._guests.add(server_id, process)
            await self._guests.session(server_id)
            log.info("guest started", pid=process.pid)
        except (PilviError, OSError) as error:
            await self.end_process(server_id, Ended.SUSPENDED if restores else Ended.LOST)
            self._records.save(before)
            words = await asyncio.to_thread(read_tail, self._guests.folder(server_id))
            raise launch_error(words, error) from error

    def _spawn(self, spec: VmSpec, arguments: list[str]) -> GuestProcess:
        folder = self._guests.folder(spec.server_id)
        with start_lock(self._records.lock_path(spec.server_id)) as lock:
            folder.clear_sockets()
            log = folder.open_log()
            try:
                process = spawn(arguments, folder.path, log, [lock])
            finally:
                os.close(log)
        self._cgroups.confine(spec.server_id, process.pid, spec.vcpus, spec.memory_mib)
        return process

    async def attach_volume(self, server_id: str, volume: VolumeConnection) -> None:
        """Give the process a volume, or its grown size."""
        key = plugs.plug_key(plugs.VOLUME, volume.attachment_id)
        slots = range(SLOT_DISKS, SLOT_DISKS + 1) if volume.boots else SLOTS_PLUGS
        slot = self._records.take_slot(server_id, key, slots)
        session = await self._guests.session(server_id)
        if plugs.device_name(plugs.VOLUME, slot) not in await plugs.list_devices(session):
            await plugs.attach_volume(session, volume, slot, self._initiator)
        else:
            await plugs.grow_volume(session, volume, slot)

    async def detach_volume(self, server_id: str, attachment_id: str) -> None:
        """Ask the guest to give a volume up; once it has, drop the rest."""
        await self._detach(server_id, plugs.VOLUME, attachment_id, plugs.drop_volume)

    async def attach_nic(self, server_id: str, nic: Nic, tap: int) -> None:
        """Give the process a network card on an open tap, which the caller closes."""
        key = plugs.plug_key(plugs.NIC, nic.port_id)
        slot = self._records.take_slot(server_id, key, SLOTS_PLUGS)
        session = await self._guests.session(server_id)
        if plugs.device_name(plugs.NIC, slot) not in await plugs.list_devices(session):
            await plugs.attach_nic(session, nic, slot, tap)

    async def detach_nic(self, server_id: str, port_id: str) -> None:
        """Ask the guest to give a network card up; once it has, drop the rest."""
        await self._detach(server_id, plugs.NIC, port_id, plugs.drop_nic)

    async def _detach(self, server_id: str, kind: str, id: str, drop: plugs.Drop) -> None:
        record = self._records.get(server_id)
        key = plugs.plug_key(kind, id)
        slot = record.slots.get(key)
        if slot is None:
            return
        session = await self._guests.session(server_id)
        name = plugs.device_name(kind, slot)
        if name in await plugs.list_devices(session):
            await plugs.unplug(session, kind, slot)
            if guest := self._guests.find(server_id):
                guest.leaving[name] = time.monotonic()
            return
        await drop(session, slot)
        self._records.free_slot(server_id, key)

    async def press(self, server_id: str, button: Button) -> None:
        """Resume, pause, save, restore, or ask the guest to shut down."""
        record = self._records.get(server_id)
        if button is Button.FORGET:
            self._records.save(msgspec.structs.replace(record, shutdown=None))
            return
        session, folder = await self._guests.session(server_id), self._guests.folder(server_id)
        if button is Button.PAUSE:
            guest_state.remove_state(folder)
            await session.execute("stop")
        elif button is Button.SAVE:
            self._records.save(msgspec.structs.replace(record, restore_tries=0))
            await guest_state.begin_save(session, folder)
        elif button is Button.RESTORE:
            await guest_state.begin_restore(session, folder)
            self._guests.note(server_id, is_reading=True)
        elif button is Button.POWER:
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            first = record.shutdown.asked_at if record.shutdown else now
            shutdown = Shutdown(asked_at=first, pressed_at=now)
            self._records.save(msgspec.structs.replace(record, shutdown=shutdown))
            await session.execute("system_powerdown")
        else:
            self._records.note_begun(server_id)
            self._guests.note(server_id)
            guest_state.remove_state(folder)
            await session.execute("cont")

    async def end_process(self, server_id: str, ended: Ended) -> None:
        """End the process, if there is one, and remember how it ended."""
        if self._records.find(server_id) is None:
            return
        guest, folder = self._guests.find(server_id), self._guests.folder(server_id)
        if keeps := ended is Ended.SUSPENDED:
            await asyncio.to_thread(guest_state.keep_state, folder)
        if guest is not None:
            await self._quit(guest)
        if not keeps:
            guest_state.remove_state(folder)
        self._guests.note_end(server_id)
        await asyncio.to_thread(self._clear, server_id)
        record = msgspec.structs.replace(
            self._records.get(server_id), launched=None, ended=ended, shutdown=None
        )
        self._records.save(record)

    async def _quit(self, guest: Guest) -> None:
        if guest.session is not None:
            with contextlib.suppress(Unavailable):
                await guest.session.execute("quit", timeout_s=QUIT_ANSWER_S)
            if await guest.process.wait(QUIT_S):
                return
        guest.process.kill()
        if not await guest.process.wait(KILL_S):
            raise Unavailable("cannot end the guest's process", detail=f"pid {guest.process.pid}")

    def _clear(self, server_id: str) -> None:
        self._cgroups.release(server_id)
        self._guests.folder(server_id).clear_sockets()

    async def remove(self, server_id: str) -> None:
        """Remove everything of a vm, its processes first and its record last."""
        record = self._records.find(check_id(server_id))
        if record is None:
            path = self._records.folder(server_id)
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
            return
        await self._captures.end_all(server_id)
        self._guests.note_end(server_id)
        for process in await asyncio.to_thread(find_processes, record.uid):
            process.kill()
            ended = await process.wait(KILL_S)
            process.close()
            if not ended:
                raise Unavailable("cannot end the guest's process", detail=f"pid {process.pid}")
        await asyncio.to_thread(self._remove_files, server_id)

    def _remove_files(self, server_id: str) -> None:
        self._cgroups.release(server_id)
        self._guests.folder(server_id).remove()
        self._records.remove(server_id)

    async def observe_capture(self, image_id: str) -> LocalCapture:
        """How far a copy is."""
        return await self._captures.observe(image_id)

    async def start_capture(self, spec: CaptureSpec, vm: VmSpec) -> None:
        """Begin to copy a disk as it is at this moment."""
        await self._captures.start(spec, vm)

    async def collect_capture(self, image_id: str) -> None:
        """Put a whole copy where only root reaches it, or raise why there is none."""
        await self._captures.collect(image_id)

    async def finish_capture(self, image_id: str) -> None:
        """The copy was sent: keep only that it was."""
        await self._captures.finish(image_id)

    async def remove_capture(self, image_id: str) -> None:
        """End the copy and remove everything of it."""
        await self._captures.remove(image_id)

    def list_captures(self) -> list[str]:
        """Image ids of all captures of which anything is here."""
        return self._captures.list_ids()

    async def _choose_accelerator(self) -> Accelerator:
        async with self._probing:
            if self._accelerator is None:
                self._accelerator = await asyncio.to_thread(choose_accelerator)
            return self._accelerator
