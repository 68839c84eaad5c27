"""Follows one volume into the image store until its image is active or has failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pilvi.block_storage.model.upload import VolumeUpload
from pilvi.block_storage.operations.status import save_status
from pilvi.block_storage.operations.uploads import UPLOAD_WAKE
from pilvi.block_storage.store import uploads, volumes
from pilvi.core.db import Database, Transaction
from pilvi.core.reconcile import Again, Done, Result, taking
from pilvi.errors import NotFound
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import VolumeUploadSpec
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.image.model.image import Status
from pilvi.image.operations.images import fail_image, get_image

# Seconds until a look at an image that its host says was sent. Lower: more reading; higher: late.
IMAGE_LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen of an upload."""

    image_status: str | None
    """None when the image is gone."""
    is_volume_there: bool = True
    is_assigned: bool = False
    is_held: bool = False
    is_sent: bool = False
    """Whether the host says that the image store has the bytes."""
    terminal_fault: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Ask the host for the copy."""


@dataclass(frozen=True, slots=True)
class Finish:
    """End the upload; with a reason the image says why it will never have bytes."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Wish that the host gives the copy up."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The host, or the image store, has to act."""

    why: str
    after_s: float | None = None


Step = Assign | Finish | Withdraw | Forget | Wait


def plan_upload(upload: VolumeUpload, seen: Sight) -> Step:
    """The one next step. Pure."""
    if upload.present:
        if seen.image_status in (Status.ACTIVE, Status.DEACTIVATED):
            return Finish()
        if seen.image_status in (None, Status.KILLED):
            return Finish("cannot upload the volume: its image was deleted")
        if not seen.is_volume_there:
            return Finish("cannot upload the volume: it was deleted")
        if seen.terminal_fault is not None:
            return Finish(seen.terminal_fault)
        if not seen.is_assigned:
            return Assign()
        if seen.is_sent:
            return Wait("the image store to take the bytes", IMAGE_LOOK_S)
        return Wait("the host to copy the volume")
    if seen.is_assigned:
        return Withdraw()
    return Wait("the host to give up the copy") if seen.is_held else Forget()


class UploadReconciler:
    """Makes uploads so; the id is the image's."""

    kind = UPLOAD_WAKE

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reconcile(self, id: str) -> Result:
        """See `Reconciler`."""
        async with self._db.write() as tx:
            while True:
                upload = await uploads.find_upload(tx, id)
                if upload is None:
                    return Done()
                step = plan_upload(upload, await _look(tx, upload))
                if isinstance(step, Wait):
                    return Done() if step.after_s is None else Again(step.after_s, step.why)
                await taking(self.kind, id, step, partial(_take, tx, upload, step))
                if isinstance(step, Assign | Withdraw):
                    return Done()

    async def list_unsettled(self) -> Sequence[str]:
        """See `Reconciler`."""
        async with self._db.read() as tx:
            return [upload.image_id for upload in await uploads.list_uploads(tx)]

    async def note_failure(self, id: str, error: Exception, tries: int) -> None:
        """Nothing to note: the image stays queued and the copy is tried again."""


async def _look(tx: Transaction, upload: VolumeUpload) -> Sight:
    held = await find_held(tx, Kind.UPLOAD, upload.image_id)
    try:
        image_status: str | None = (await get_image(tx, upload.image_id, None)).status
    except NotFound:
        image_status = None
    fault = held.fault if held is not None and held.seen_generation == held.generation else None
    volume = await volumes.find_volume(tx, upload.volume_id)
    return Sight(
        image_status=image_status,
        is_volume_there=volume is not None and volume.present,
        is_assigned=held is not None and held.present,
        is_held=held is not None,
        is_sent=held is not None and held.is_settled,
        terminal_fault=fault.message if fault is not None and fault.terminal else None,
    )


async def _take(tx: Transaction, upload: VolumeUpload, step: Step) -> None:
    match step:
        case Assign():
            spec = VolumeUploadSpec(
                image_id=upload.image_id,
                volume_id=upload.volume_id,
                project_id=upload.project_id,
                disk_format=upload.disk_format,
            )
            owner, host_id = (UPLOAD_WAKE, upload.image_id), HostId(upload.host_id)
            await assign(tx, host_id, Kind.UPLOAD, upload.image_id, spec, owner=owner)
        case Finish(reason):
            await uploads.update_upload(tx, upload.image_id, present=False)
            if reason:
                await fail_image(tx, upload.image_id, reason)
        case Withdraw():
            await withdraw(tx, Kind.UPLOAD, upload.image_id)
        case Forget():
            await uploads.delete_upload(tx, upload.image_id)
            await save_status(tx, upload.volume_id)
