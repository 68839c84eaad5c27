"""Follows one capture of a server's disk until its image is active or has failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pilvi.compute.model.snapshot import Snapshot
from pilvi.compute.operations.snapshots import DISK_FORMAT, refresh_capturing, rotate_backups
from pilvi.compute.store import servers, snapshots
from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Again, Done, Result, taking
from pilvi.errors import NotFound
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import CaptureSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.image.operations.images import fail_image, get_image

# Seconds until a look at an image that its host says was sent. Lower: more reading; higher: late.
IMAGE_LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen of a capture."""

    image_status: str | None
    """None when the image is gone."""
    is_assigned: bool = False
    is_held: bool = False
    is_sent: bool = False
    """Whether the host says that the image store has the bytes."""
    terminal_fault: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Ask the host for the copy."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Let the image say why it will never have bytes, and end the capture."""

    reason: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Wish the capture away."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The host, or the image store, has to act."""

    why: str
    after_s: float | None = None


Step = Assign | Fail | Withdraw | Forget | Wait


def plan_snapshot(snapshot: Snapshot, seen: Sight) -> Step:
    """The one next step. Pure."""
    if snapshot.present and seen.image_status not in ("active", "deactivated"):
        if seen.image_status in (None, "killed", "deleted"):
            return Fail("cannot copy the disk: its image was deleted")
        if seen.terminal_fault is not None:
            return Fail(seen.terminal_fault)
        if not seen.is_assigned:
            return Assign()
        if seen.is_sent:
            return Wait("the image store to take the bytes", IMAGE_LOOK_S)
        return Wait("the host to copy the disk")
    if seen.is_assigned:
        return Withdraw()
    return Wait("the host to give up the copy") if seen.is_held else Forget()


class SnapshotReconciler:
    """Makes captures so; the id is the image's."""

    kind = "snapshot"

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            while True:
                snapshot = await snapshots.find_snapshot(tx, id)
                if snapshot is None:
                    return Done()
                step = plan_snapshot(snapshot, await _look(tx, id))
                if isinstance(step, Wait):
                    return Done() if step.after_s is None else Again(step.after_s, step.why)
                await taking(self.kind, id, step, partial(_apply, tx, snapshot, step))
                if isinstance(step, Withdraw):
                    return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return [snapshot.image_id for snapshot in await snapshots.list_snapshots(tx)]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing to note: the image stays queued and the copy is tried again."""


async def _look(tx: Transaction, image_id: str) -> Sight:
    held = await find_held(tx, Kind.CAPTURE, image_id)
    try:
        image_status: str | None = (await get_image(tx, image_id, None)).status
    except NotFound:
        image_status = None
    fault = held.fault if held is not None and held.seen_generation == held.generation else None
    return Sight(
        image_status=image_status,
        is_assigned=held is not None and held.present,
        is_held=held is not None,
        is_sent=held is not None and held.is_settled,
        terminal_fault=fault.message if fault is not None and fault.terminal else None,
    )


async def _apply(tx: Transaction, snapshot: Snapshot, step: Step) -> None:
    match step:
        case Assign():
            spec = CaptureSpec(
                image_id=snapshot.image_id,
                server_id=snapshot.server_id,
                device=snapshot.device,
                disk_format=DISK_FORMAT,
            )
            owner = ("snapshot", snapshot.image_id)
            host_id = HostId(snapshot.host_id)
            await assign(tx, host_id, Kind.CAPTURE, snapshot.image_id, spec, owner=owner)
        case Fail(reason):
            await snapshots.update_snapshot(tx, snapshot.image_id, present=False, reason=reason)
            await fail_image(tx, snapshot.image_id, reason)
        case Withdraw():
            await withdraw(tx, Kind.CAPTURE, snapshot.image_id)
        case Forget():
            await _forget(tx, snapshot)


async def _forget(tx: Transaction, snapshot: Snapshot) -> None:
    if snapshot.reason:
        await fail_image(tx, snapshot.image_id, snapshot.reason)
    elif snapshot.backup_type is not None and snapshot.rotation is not None:
        place = snapshot.project_id, snapshot.server_id
        await rotate_backups(tx, place, snapshot.backup_type, snapshot.rotation)
    await snapshots.delete_snapshot(tx, snapshot.image_id)
    server = await servers.find_server(tx, snapshot.server_id)
    if server is not None:
        await refresh_capturing(tx, server)
