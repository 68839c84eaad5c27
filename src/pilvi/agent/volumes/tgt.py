"""The volume driver for real hosts: sparse files, exported by an unprivileged tgtd."""

import asyncio
import os
import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pilvi.agent.volumes.contents import FileContents
from pilvi.agent.volumes.driver import (
    FileKind,
    FileName,
    SeenTarget,
    SeenVolume,
    fingerprint,
)
from pilvi.agent.volumes.tgt_holdings import list_files, list_targets
from pilvi.agent.volumes.tgt_protocol import Mode, Operation, Reply, Request
from pilvi.agent.volumes.tgt_record import TargetRecord
from pilvi.agent.volumes.tgt_service import TgtService
from pilvi.errors import Conflict, Internal, InvalidRequest, NoCapacity, NotFound
from pilvi.host_api.holdings import Holding
from pilvi.host_api.volumes import Export
from pilvi.settings import Settings

ALLOWED_INITIATOR = "initiator-address=127.0.0.1"
# Seconds for requests of a logged-out initiator to be done. Lower: a slow disk delays a detach by
# a whole retry; higher: a stuck disk holds the reconciler.
DRAIN_S = 5.0
DRAIN_LOOK_S = 0.005
CONNECTIONS_MAX = 64
CONNECTION = re.compile(r"^Session: (\d{1,9})\n\s+Connection: (\d{1,9})$", re.MULTILINE)
SERIAL_CHARACTERS = 20
"""As many as virtio shows of a disk's serial number; the SCSI one is the same."""


class TgtVolumeDriver:
    """Keeps volumes below `settings.agent_dir`/volumes."""

    capabilities: Sequence[str] = ("COMPUTE_VOLUME_ATTACH", "COMPUTE_VOLUME_EXTEND")

    def __init__(self, settings: Settings) -> None:
        self._service = TgtService(settings)
        self._record = self._service.record
        self.contents = FileContents(
            self._service.directory,
            self._service.uid,
            settings.uid_converters,
            self._service.make_directories,
        )
        self._changing = asyncio.Lock()

    @property
    def portal(self) -> str:
        """HOST:PORT of tgtd."""
        return self._service.portal

    async def start(self) -> None:
        """Start tgtd when none runs."""
        await self._service.start()

    async def wait_ended(self) -> None:
        """Return when tgtd has ended."""
        await self._service.wait_ended()

    async def observe(self, volume_id: str) -> SeenVolume:
        """Look at the file, and at the targets that this tgtd was given."""
        self._service.trim_log()
        try:
            found = self._path(volume_id).lstat()
        except FileNotFoundError:
            size, used = None, 0
        else:
            size, used = found.st_size, found.st_blocks * 512
        targets: list[SeenTarget] = []
        if self._record.is_of(self._service.identity()):
            targets = [
                SeenTarget(
                    target.iqn, target.fingerprint, target.size_bytes, target.content_generation
                )
                for target in self._record.list(volume_id)
            ]
        generation = self.contents.find_generation(FileName(FileKind.VOLUME, volume_id))
        return SeenVolume(size, used, tuple(targets), generation)

    async def make_file(self, volume_id: str, size_bytes: int) -> None:
        """Make or grow the sparse file."""
        path = self._path(volume_id)
        await asyncio.to_thread(self._make_file, path, size_bytes)

    async def remove_file(self, volume_id: str) -> None:
        """Remove the file."""
        await self.contents.remove(FileName(FileKind.VOLUME, volume_id))

    async def add_target(self, volume_id: str, export: Export) -> None:
        """Make a target, its account, its unit, and only then let an initiator in."""
        self._check_words(export)
        async with self._changing:
            if self._record.find(export.iqn) is not None:
                await self._remove(export.iqn)
            size = self._file_size(volume_id)
            generation = self.contents.find_generation(FileName(FileKind.VOLUME, volume_id))
            record = TargetRecord(
                volume_id=volume_id,
                iqn=export.iqn,
                number=self._record.free_number(),
                username=export.username,
                unit=export.lun,
                content_generation=generation,
            )
            self._record.keep(record)
            await self._make_target(record, export)
            whole = fingerprint(export)
            self._record.keep(msgspec.structs.replace(record, fingerprint=whole, size_bytes=size))

    async def remove_target(self, volume_id: str, iqn: str) -> None:
        """End a target and its account."""
        async with self._changing:
            await self._remove(iqn)

    async def holdings(self) -> list[Holding]:
        """Every file, and every target that this cloud's tgtd has."""
        found = await asyncio.to_thread(list_files, self._service.directory)
        if self._service.find_pid() is None:
            return found
        owners = {target.iqn: target.volume_id for target in self._record.list_all()}
        return found + await list_targets(self._service.client, owners)

    async def close(self) -> None:
        """End the thread that speaks to tgtd."""
        self._service.client.close()

    async def _make_target(self, record: TargetRecord, export: Export) -> None:
        number, unit = record.number, record.unit
        user = f"user={export.username}"
        file = f"path={record.volume_id}.raw,bstype=rdwr,blocksize=512"
        serial = record.volume_id[:SERIAL_CHARACTERS]
        traits = f"vendor_id=PILVI,product_id=VOLUME,scsi_sn={serial},thin_provisioning=1"
        traits = f"targetOps {traits},readonly={int(export.read_only)},"
        password = f"password={export.password}"
        for request in (
            Request(Mode.TARGET, Operation.NEW, number, 0, f"targetname={export.iqn}"),
            Request(Mode.ACCOUNT, Operation.NEW, 0, 0, f"{user},{password}"),
            Request(Mode.ACCOUNT, Operation.BIND, number, 0, user),
            Request(Mode.UNIT, Operation.NEW, number, unit, file),
            Request(Mode.UNIT, Operation.UPDATE, number, unit, traits),
            Request(Mode.TARGET, Operation.BIND, number, 0, ALLOWED_INITIATOR),
        ):
            _expect(await self._service.client.call(request), repr(request))

    async def _remove(self, iqn: str) -> None:
        """The target goes before its account: without one it would let everybody in."""
        record = self._record.find(iqn)
        if record is None:
            return
        await self._call(Mode.TARGET, Operation.UNBIND, record.number, ALLOWED_INITIATOR)
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while (number := await self._delete_target(record)) == Reply.UNIT_ACTIVE:
            if asyncio.get_running_loop().time() > deadline:
                raise Conflict(f"cannot end target {iqn}: requests of a guest are under way")
            await asyncio.sleep(DRAIN_LOOK_S)
        _expect(number, f"delete target {iqn}", also=Reply.NO_TARGET)
        user = f"user={record.username}"
        number = await self._call(Mode.ACCOUNT, Operation.DELETE, 0, user)
        _expect(number, f"delete the account of {iqn}", also=Reply.NO_ACCOUNT)
        self._record.drop(iqn)

    async def _delete_target(self, record: TargetRecord) -> int:
        """Log everybody out, then delete; a unit whose requests are not all done refuses."""
        client = self._service.client
        _, text = await client.ask(Request(Mode.CONNECTION, Operation.SHOW, record.number))
        # What initiators say of themselves stands in this text too; a made-up number is harmless,
        # because only connections of this very target can be named.
        for session, connection in CONNECTION.findall(text)[:CONNECTIONS_MAX]:
            await client.call(
                Request(
                    Mode.CONNECTION,
                    Operation.DELETE,
                    record.number,
                    session=int(session),
                    connection=int(connection),
                )
            )
        return await client.call(Request(Mode.TARGET, Operation.DELETE, record.number, force=True))

    async def _call(self, mode: Mode, operation: Operation, target: int, words: str) -> int:
        return await self._service.client.call(Request(mode, operation, target, parameters=words))

    def _path(self, volume_id: str) -> Path:
        return self.contents.path(FileName(FileKind.VOLUME, volume_id))

    def _file_size(self, volume_id: str) -> int:
        try:
            return self._path(volume_id).lstat().st_size
        except FileNotFoundError:
            raise NotFound(f"cannot find the file of volume {volume_id}") from None

    def _make_file(self, path: Path, size_bytes: int) -> None:
        self._service.make_directories()
        capacity = shutil.disk_usage(path.parent).total
        if size_bytes > capacity:
            raise NoCapacity(
                f"cannot keep a volume of {size_bytes >> 30} GiB on this host: "
                f"its filesystem has {capacity >> 30} GiB in all"
            )
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise Internal("cannot use a volume's file", detail=f"{path} is not a file")
            if self._service.is_root:
                os.fchown(descriptor, self._service.uid, self._service.uid)
            if found.st_size < size_bytes:
                os.ftruncate(descriptor, size_bytes)
            os.fsync(descriptor)
        except OSError as error:
            message = f"cannot make a volume of {size_bytes >> 30} GiB on this host"
            raise NoCapacity(f"{message}: {error.strerror}", detail=str(path)) from error
        finally:
            os.close(descriptor)

    def _check_words(self, export: Export) -> None:
        """Refuse what would end a parameter early in tgtd's comma-separated protocol."""
        for word in (export.iqn, export.username, export.password):
            if not word or not word.isprintable() or set(word) & set(", "):
                raise InvalidRequest(
                    "cannot export a volume: a name or password has a strange shape"
                )
        if export.lun < 1:
            raise InvalidRequest("cannot export a volume: unit 0 is tgtd's own")


def _expect(number: int, what: str, also: Reply = Reply.SUCCESS) -> None:
    if number not in (Reply.SUCCESS, also):
        raise Internal("cannot change an iSCSI target", detail=f"{what}: tgtd error {number}")


def end_service(settings: Settings) -> None:
    """End this cloud's tgtd; its volumes stay. Repeatable."""
    service = TgtService(settings)
    service.end()
    service.client.close()


def purge(settings: Settings) -> None:
    """End this cloud's tgtd and remove every volume: what the driver owns. Repeatable.

    Backups in a directory of the operator's own stay.
    """
    end_service(settings)
    directory = settings.agent_dir / "volumes"
    if directory.exists():
        shutil.rmtree(directory)
    if not settings.backup_dir and settings.backups.exists():
        shutil.rmtree(settings.backups)
