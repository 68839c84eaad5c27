"""What the agent owns of each vm, written before it is made: uid, slots, the launched process.

One file per vm, root's alone, replaced by rename. A vm's uid is never shared: it is taken when the
record is made and given back when the record goes, which is after its last process and file.
"""

import os
import re
import threading
from pathlib import Path

import msgspec

from pilvi.errors import InvalidRequest, NoCapacity, Unavailable

FILE_NAME = "record.json"
LOCK_NAME = "lock"
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")


class Launched(msgspec.Struct, frozen=True, kw_only=True):
    """A process that was started, written before it is."""

    started_at: float
    accelerator: str
    begun: bool = False
    """Whether its guest was let go."""
    console_start: int = 0
    """Offset in the console's log at which its output begins."""


class Shutdown(msgspec.Struct, frozen=True, kw_only=True):
    """A shutdown that the guest was asked for; seconds of CLOCK_BOOTTIME."""

    asked_at: float
    pressed_at: float


class VmRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything to remember of one vm."""

    server_id: str
    uid: int
    boot_generation: int = -1
    image_generation: int = -1
    launched: Launched | None = None
    """None when no process is expected."""
    ended: str = ""
    """An `Ended`, or empty before the first end."""
    shutdown: Shutdown | None = None
    slots: dict[str, int] = {}
    """PCI slot by plug: `volume ID`, `nic ID`."""
    restore_tries: int = 0
    """How often a process was started to go on with the state that is here."""
    is_frozen: bool = False
    """Whether the guest's filesystems may have been left frozen."""


def check_id(id: str) -> str:
    """The id, which is safe as a file name. Raises `InvalidRequest`."""
    if not _ID.fullmatch(id):
        raise InvalidRequest("cannot use an id that is not letters, digits and dashes")
    return id


def read_record(folder: Path) -> VmRecord | None:
    """The record in the folder that holds everything of a vm, or None.

    Raises `Unavailable` that names the file when it is damaged: which process and which uid are the
    vm's is never guessed at.
    """
    path = folder / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=VmRecord)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise Unavailable(
            f"cannot read what this host knows of a guest in {path}: put the file back from a "
            f"backup of the host, or move {folder} away and rebuild the server",
            detail=str(error),
        ) from error


class RecordStore:
    """All records of this host, in memory and on disk."""

    def __init__(self, directory: Path, uid_first: int, uid_last: int) -> None:
        self._directory = directory
        self._uids = range(uid_first, uid_last + 1)
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._records: dict[str, VmRecord] = {}
        for path in directory.iterdir():
            if record := read_record(path):
                self._records[record.server_id] = record

    def folder(self, server_id: str) -> Path:
        """The folder that holds everything of a vm."""
        return self._directory / check_id(server_id)

    def lock_path(self, server_id: str) -> Path:
        """The file that a vm's process holds locked."""
        return self.folder(server_id) / LOCK_NAME

    def find(self, server_id: str) -> VmRecord | None:
        """The record of a vm, or None."""
        return self._records.get(server_id)

    def get(self, server_id: str) -> VmRecord:
        """The record of a vm that must have one."""
        record = self._records.get(server_id)
        assert record is not None, f"no record of vm {server_id}"
        return record

    def list_ids(self) -> list[str]:
        """Ids of all vms of which anything is here, recorded or not."""
        return sorted(path.name for path in self._directory.iterdir() if path.is_dir())

    def list_uids(self) -> dict[int, str]:
        """Ids of the vms that have a record, by their uid."""
        return {record.uid: record.server_id for record in self._records.values()}

    def allocate(self, server_id: str) -> VmRecord:
        """Make the record with a uid of its own, safely on disk. Repeatable.

        Raises `NoCapacity` when no uid is left.
        """
        with self._lock:
            if record := self._records.get(server_id):
                return record
            taken = {record.uid for record in self._records.values()}
            uid = next((uid for uid in self._uids if uid not in taken), None)
            if uid is None:
                raise NoCapacity("cannot start another guest: the host's user ids are used up")
            record = VmRecord(server_id=server_id, uid=uid)
            self.folder(server_id).mkdir(exist_ok=True, mode=0o700)
            self._write(record, durable=True)
            self._records[server_id] = record
            return record

    def save(self, record: VmRecord) -> None:
        """Keep a changed record. A crash of the host may lose it, as it does the process."""
        self._write(record, durable=False)
        self._records[record.server_id] = record

    def note_begun(self, server_id: str) -> None:
        """The guest of the launched process was let go. Repeatable."""
        record = self.get(server_id)
        if record.launched is not None and not record.launched.begun:
            begun = msgspec.structs.replace(record.launched, begun=True)
            self.save(msgspec.structs.replace(record, launched=begun))

    def take_slot(self, server_id: str, key: str, slots: range) -> int:
        """The PCI slot of a plug, recorded before it is used. Repeatable.

        Raises `NoCapacity` when none of the slots is free.
        """
        record = self.get(server_id)
        if record.slots.get(key) in slots:
            return record.slots[key]
        taken = set(record.slots.values())
        slot = next((slot for slot in slots if slot not in taken), None)
        if slot is None:
            raise NoCapacity("cannot attach more devices: the guest has no free slot")
        self.save(msgspec.structs.replace(record, slots={**record.slots, key: slot}))
        return slot

    def free_slot(self, server_id: str, key: str) -> None:
        """Give the slot of a plug back. Repeatable."""
        record = self.get(server_id)
        slots = {other: taken for other, taken in record.slots.items() if other != key}
        self.save(msgspec.structs.replace(record, slots=slots))

    def remove(self, server_id: str) -> None:
        """Drop the record and its folder, which holds nothing else any more. Repeatable."""
        folder = self.folder(server_id)
        for name in (LOCK_NAME, FILE_NAME, f"{FILE_NAME}.new"):
            (folder / name).unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()
        with self._lock:
            self._records.pop(server_id, None)

    def _write(self, record: VmRecord, *, durable: bool) -> None:
        path = self.folder(record.server_id) / FILE_NAME
        temporary = path.with_name(f"{FILE_NAME}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(record))
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
