"""The state of a suspended guest: its memory and devices, in one file of the guest's folder.

QEMU writes it as it would migrate, through an open descriptor. The file has its name only once it
is whole and on the disk; it goes before the guest's next instruction, because the disks then move
on without it.
"""

import os

from pilvi.agent.faults import HostTerminal
from pilvi.agent.vms.folder import GuestFolder
from pilvi.agent.vms.local_vm import Process
from pilvi.agent.vms.qmp_session import CommandRefused, QmpSession
from pilvi.errors import Unavailable

STATE = "state.bin"
_PART = "state.part"
_NAME = "guest-state"
# Bytes a second. Lower: QEMU's own limit of 128 MiB/s makes a large guest wait.
SPEED_MAX = 1 << 34
# A state that cannot be read ends the process that reads it. Lower: a moment's trouble loses it.
RESTORE_TRIES_MAX = 3
STILL = ("paused", "finish-migrate", "postmigrate", "inmigrate")
"""QEMU's words for a guest that stands still, for whatever reason."""
_UNDER_WAY = ("setup", "active", "device", "cancelling", "pre-switchover")


def has_state(folder: GuestFolder) -> bool:
    """Whether a whole state is here."""
    return (folder.path / STATE).exists()


def may_restore(folder: GuestFolder, tries: int) -> bool:
    """Whether the next process goes on with a state. Raises `HostTerminal` when none ever could."""
    if not has_state(folder):
        return False
    if tries < RESTORE_TRIES_MAX:
        return True
    message = "cannot resume the guest: its state cannot be read; reboot it hard to start it anew"
    raise HostTerminal(Unavailable(message))


def keep_state(folder: GuestFolder) -> None:
    """A state that was written to its end is whole. Repeatable."""
    try:
        with folder.open_file(_PART, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)
    except FileNotFoundError:
        return
    (folder.path / _PART).rename(folder.path / STATE)
    directory = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove_state(folder: GuestFolder) -> None:
    """Forget the state, whole or not. Repeatable."""
    for name in (_PART, STATE):
        (folder.path / name).unlink(missing_ok=True)


async def begin_save(session: QmpSession, folder: GuestFolder) -> None:
    """Hold the guest and begin to write its state. Repeatable once it is being written."""
    status = (await session.execute("query-status"))["status"]
    is_still = status in STILL
    if is_still and await process_of(session, status) in (Process.SAVING, Process.SAVED):
        return
    await session.execute("stop")
    await _prepare(session)
    remove_state(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder.path / _PART, flags, 0o600)
    try:
        os.fchown(descriptor, folder.uid, folder.uid)
        await session.give_descriptor(_NAME, descriptor)
    finally:
        os.close(descriptor)
    await session.execute("migrate", {"uri": f"fd:{_NAME}"})


async def begin_restore(session: QmpSession, folder: GuestFolder) -> None:
    """Begin to read the state into a process that waits for it. Repeatable."""
    await _prepare(session)
    with folder.open_file(STATE, os.O_RDONLY) as descriptor:
        await session.give_descriptor(_NAME, descriptor)
    try:
        await session.execute("migrate-incoming", {"uri": f"fd:{_NAME}"})
    except CommandRefused as error:
        if "already been started" not in error.reason:
            raise


async def process_of(session: QmpSession, status: str) -> Process:
    """What the process of a guest that stands still is doing, by QEMU's word for it."""
    if status == "postmigrate":
        return Process.SAVED
    found = (await session.execute("query-migrate")).get("status")
    if status == "inmigrate":
        return Process.READING if found in _UNDER_WAY else Process.RESTORING
    if found == "completed" and status != "postmigrate":
        # It may have ended between the two questions; after a restore it has long.
        status = (await session.execute("query-status"))["status"]
        return Process.SAVED if status == "postmigrate" else Process.PAUSED
    return Process.SAVING if found in _UNDER_WAY else Process.PAUSED


async def _prepare(session: QmpSession) -> None:
    capability = {"capability": "events", "state": True}
    await session.execute("migrate-set-capabilities", {"capabilities": [capability]})
    await session.execute("migrate-set-parameters", {"max-bandwidth": SPEED_MAX})
