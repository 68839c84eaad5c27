"""Copies of disks, made by QEMU's backup job or, of a stopped vm, by qemu-img.

The copy grows in the guest's own folder under the guest's uid. When it is whole it is moved where
only root reaches it, so that what is sent cannot be exchanged. A small record per copy says how
far it is; it is written before each change that it names.
"""

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from pilvi.agent.disks.local_disk import create_overlay
from pilvi.agent.disks.qemu_img import run_qemu_img
from pilvi.agent.vms import guest_agent
from pilvi.agent.vms.command_line import disk_node
from pilvi.agent.vms.driver import CaptureState, LocalCapture
from pilvi.agent.vms.guests import Guests
from pilvi.agent.vms.qmp_session import SLOW_ANSWER_S, QmpSession
from pilvi.agent.vms.record import RecordStore, check_id
from pilvi.errors import Conflict, NotFound, Unavailable, Unsupported
from pilvi.host_api.vms import CaptureSpec, VmSpec

CONVERT_S_MAX = 3600.0


class CaptureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of one copy."""

    image_id: str
    server_id: str
    total_bytes: int
    state: CaptureState


class QemuCaptures:
    """All copies of this host."""

    def __init__(
        self,
        directory: Path,
        records: RecordStore,
        guests: Guests,
        changed: Callable[[str], None],
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._records = records
        self._guests = guests
        self._changed = changed
        self._converts: dict[str, asyncio.Task[None]] = {}

    def list_ids(self) -> list[str]:
        """Image ids of all copies of which anything is here."""
        return sorted(path.stem for path in self._directory.glob("*.json"))

    def is_converting(self, server_id: str) -> bool:
        """Whether a disk of a stopped vm is being copied."""
        for image_id, task in self._converts.items():
            record = self._find(image_id)
            if not task.done() and record is not None and record.server_id == server_id:
                return True
        return False

    async def observe(self, image_id: str) -> LocalCapture:
        """How far a copy is; one that was broken off is none."""
        record = self._find(check_id(image_id))
        if record is None:
            return LocalCapture(CaptureState.NONE)
        total = record.total_bytes
        if record.state is CaptureState.SENT:
            return LocalCapture(record.state, total, total)
        path = self._path(image_id)
        if path.exists():
            size = path.stat().st_size
            return LocalCapture(CaptureState.COPIED, size, size, str(path))
        if (task := self._converts.get(image_id)) is not None:
            state = CaptureState.ENDED if task.done() else CaptureState.COPYING
            return LocalCapture(state, self._part_size(record), total)
        if self._records.find(record.server_id) is None:
            return LocalCapture(CaptureState.NONE)
        job = await self._find_job(record)
        if job is None:
            return LocalCapture(CaptureState.NONE)
        state = CaptureState.ENDED if job["status"] == "concluded" else CaptureState.COPYING
        return LocalCapture(state, job["current-progress"], job["total-progress"])

    async def start(self, spec: CaptureSpec, vm: VmSpec) -> None:
        """Begin to copy a disk as it is at this moment."""
        check_id(spec.image_id)
        disk = next((disk for disk in vm.disks if disk.device == spec.device), None)
        if spec.disk_format != "qcow2":
            raise Unsupported("cannot copy a disk into another format than qcow2")
        if disk is None or self._records.find(spec.server_id) is None:
            raise NotFound("cannot copy the disk: the server has no such disk on this host")
        record = CaptureRecord(
            image_id=spec.image_id,
            server_id=spec.server_id,
            total_bytes=disk.size_bytes,
            state=CaptureState.COPYING,
        )
        self._save(record)
        await self._drop(record)
        if self._guests.find(spec.server_id) is not None:
            await self._start_job(record, spec.device)
        else:
            self._start_convert(record, disk_node(disk, vm.image_generation))

    async def collect(self, image_id: str) -> None:
        """Put a whole copy where only root reaches it, or raise why there is none."""
        record = self._find(image_id)
        if record is None:
            return
        try:
            if (task := self._converts.get(image_id)) is not None:
                await task
            elif job := await self._find_job(record):
                _check_job(job)
                session = await self._guests.session(record.server_id)
                await session.execute("job-dismiss", {"id": _node(image_id)})
                # Closing writes what QEMU still holds of the file.
                await session.execute("blockdev-del", {"node-name": _node(image_id)})
        except BaseException:
            await self._drop(record)
            raise
        await asyncio.to_thread(self._take, record)
        self._converts.pop(image_id, None)

    async def finish(self, image_id: str) -> None:
        """The copy was sent: keep only that it was."""
        if record := self._find(image_id):
            self._save(msgspec.structs.replace(record, state=CaptureState.SENT))
        self._path(image_id).unlink(missing_ok=True)

    async def remove(self, image_id: str) -> None:
        """End the copy and remove everything of it."""
        if record := self._find(check_id(image_id)):
            await self._drop(record)
        self._path(image_id).unlink(missing_ok=True)
        (self._directory / f"{image_id}.json").unlink(missing_ok=True)

    async def end_all(self, server_id: str) -> None:
        """End every copying from a vm that goes away."""
        for image_id in list(self._converts):
            record = self._find(image_id)
            if record is None or record.server_id == server_id:
                await self._cancel(image_id)

    async def close(self) -> None:
        """End what this process does itself; a job of a guest's process goes on."""
        for image_id in list(self._converts):
            await self._cancel(image_id)

    async def _start_job(self, record: CaptureRecord, device: str) -> None:
        session = await self._guests.session(record.server_id)
        folder = self._guests.folder(record.server_id)
        size_bytes = await _virtual_size(session, device)
        part = folder.path / _part(record.image_id)
        await asyncio.to_thread(create_overlay, part, size_bytes, folder.uid)
        node = _node(record.image_id)
        file = {"driver": "file", "filename": part.name}
        target = {"driver": "qcow2", "node-name": node, "discard": "unmap", "file": file}
        await session.execute("blockdev-add", target)
        backup = {
            "job-id": node,
            "device": device,
            "target": node,
            "sync": "full",
            "auto-dismiss": False,
        }
        actions = {"actions": [{"type": "blockdev-backup", "data": backup}]}
        async with self._held_still(record.server_id):
            await session.execute("transaction", actions, timeout_s=SLOW_ANSWER_S)

    @contextlib.asynccontextmanager
    async def _held_still(self, server_id: str) -> AsyncIterator[None]:
        """The guest's filesystems are frozen, where it has an agent; noted first, thawed always."""
        folder = self._guests.folder(server_id)
        if not await guest_agent.is_there(folder):
            yield
            return
        self._note_frozen(server_id, is_frozen=True)
        try:
            await guest_agent.freeze(folder)
            yield
        finally:
            await guest_agent.thaw(folder)
            self._note_frozen(server_id, is_frozen=False)

    def _note_frozen(self, server_id: str, *, is_frozen: bool) -> None:
        record = self._records.get(server_id)
        self._records.save(msgspec.structs.replace(record, is_frozen=is_frozen))

    def _start_convert(self, record: CaptureRecord, node: dict[str, Any]) -> None:
        folder = self._guests.folder(record.server_id)
        arguments = ["convert", "--image-opts", "-O", "qcow2"]
        arguments += [image_options(node), _part(record.image_id)]
        task = asyncio.get_running_loop().create_task(
            run_qemu_img(arguments, folder=folder.path, uid=folder.uid, timeout_s=CONVERT_S_MAX)
        )
        task.add_done_callback(lambda _: self._changed(record.server_id))
        self._converts[record.image_id] = task

    async def _cancel(self, image_id: str) -> None:
        task = self._converts.pop(image_id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                # Its failure was already told, or does not matter any more.
                task.exception()

    async def _drop(self, record: CaptureRecord) -> None:
        """End the copying and remove what it made. Repeatable."""
        await self._cancel(record.image_id)
        if self._records.find(record.server_id) is None:
            return
        if self._guests.find(record.server_id) is not None:
            await self._drop_job(record)
        part = self._guests.folder(record.server_id).path / _part(record.image_id)
        part.unlink(missing_ok=True)

    async def _drop_job(self, record: CaptureRecord) -> None:
        with contextlib.suppress(Unavailable):
            session = await self._guests.session(record.server_id)
            node = _node(record.image_id)
            for _ in range(100):
                job = await self._find_job(record)
                if job is None:
                    break
                if job["status"] == "concluded":
                    await session.try_execute("job-dismiss", {"id": node})
                else:
                    await session.try_execute("job-cancel", {"id": node})
                    await asyncio.sleep(0.02)
            await session.try_execute("blockdev-del", {"node-name": node})

    async def _find_job(self, record: CaptureRecord) -> dict[str, Any] | None:
        if self._guests.find(record.server_id) is None:
            return None
        session = await self._guests.session(record.server_id)
        jobs: list[dict[str, Any]] = await session.execute("query-jobs")
        return next((job for job in jobs if job["id"] == _node(record.image_id)), None)

    def _take(self, record: CaptureRecord) -> None:
        folder = self._guests.folder(record.server_id)
        path = self._path(record.image_id)
        waiting = path.with_suffix(".unchecked")
        (folder.path / _part(record.image_id)).rename(waiting)
        status = os.lstat(waiting)
        is_plain = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        if not is_plain or status.st_uid != folder.uid:
            waiting.unlink()
            raise Conflict("cannot copy the disk", detail="the copy is not the guest's own file")
        os.chown(waiting, 0, 0)
        waiting.rename(path)

    def _part_size(self, record: CaptureRecord) -> int:
        part = self._guests.folder(record.server_id).path / _part(record.image_id)
        with contextlib.suppress(FileNotFoundError):
            return min(os.lstat(part).st_blocks * 512, record.total_bytes)
        return 0

    def _path(self, image_id: str) -> Path:
        return self._directory / f"{image_id}.qcow2"

    def _find(self, image_id: str) -> CaptureRecord | None:
        try:
            data = (self._directory / f"{image_id}.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(data, type=CaptureRecord)

    def _save(self, record: CaptureRecord) -> None:
        path = self._directory / f"{record.image_id}.json"
        temporary = path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(record))
        temporary.replace(path)


def _node(image_id: str) -> str:
    # QEMU's node names have at most 31 characters.
    return f"copy-{image_id.replace('-', '')[:24]}"


def _part(image_id: str) -> str:
    return f"copy-{image_id}.part"


def image_options(node: dict[str, Any], prefix: str = "") -> str:
    """A node as qemu-img's --image-opts wants it: dotted names, commas doubled."""
    parts = []
    for key, value in node.items():
        if key in ("node-name", "discard"):
            continue
        if isinstance(value, dict):
            parts.append(image_options(value, f"{prefix}{key}."))
        elif value is None:
            parts.append(f"{prefix}{key}=")
        else:
            text = ("off", "on")[value] if isinstance(value, bool) else str(value)
            parts.append(f"{prefix}{key}={text.replace(',', ',,')}")
    return ",".join(parts)


async def _virtual_size(session: QmpSession, device: str) -> int:
    nodes: list[dict[str, Any]] = await session.execute("query-named-block-nodes", {"flat": True})
    for node in nodes:
        if node["node-name"] == device:
            return int(node["image"]["virtual-size"])
    raise NotFound("cannot copy the disk: the server has no such disk on this host")


def _check_job(job: dict[str, Any]) -> None:
    words = job.get("error")
    if words is None:
        return
    if "No space left" in words:
        raise OSError(errno.ENOSPC, "No space left on device")
    raise Unavailable("cannot copy the disk", detail=words)
