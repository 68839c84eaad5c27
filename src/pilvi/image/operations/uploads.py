"""Uploads: the records around bytes that come in. All in the caller's transaction."""

import uuid
from dataclasses import replace

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, InvalidRequest, NotFound, QuotaExceeded, TooLarge
from pilvi.image.model.image import (
    STORED_FORMATS,
    TAKES_BYTES,
    Action,
    Allowed,
    ContainerFormat,
    Denied,
    Image,
    ImportOutcome,
    may,
)
from pilvi.image.model.quota import PROJECT_QUOTA
from pilvi.image.model.upload import Purpose, Stored, Upload, UploadLimits
from pilvi.image.operations.images import BLOB_WAKE, find_any_image, save_image
from pilvi.image.store import images
from pilvi.image.store import uploads as store

_ACTIONS = {Purpose.UPLOAD: Action.UPLOAD, Purpose.STAGE: Action.STAGE}


async def begin_upload(
    tx: Transaction,
    image: Image,
    purpose: Purpose,
    declared_bytes: int | None,
    limits: UploadLimits,
) -> Upload:
    """Record an upload before its first byte.

    Raises `Conflict` unless the image is queued, `InvalidRequest` for formats that cannot be
    stored, `TooLarge`, `QuotaExceeded`.
    """
    answer = may(_ACTIONS[purpose], image.status)
    if not isinstance(answer, Allowed):
        raise Conflict(
            answer.reason if isinstance(answer, Denied) else "cannot upload one image twice"
        )
    _check_formats(image)
    check_size(declared_bytes or 0, limits)
    await check_room(tx, image.owner, declared_bytes or 0, is_new=True)
    upload = await _insert_upload(tx, image, purpose, declared_bytes or 0)
    await save_image(tx, replace(image, status=answer.status, import_outcome=None), image)
    return upload


async def begin_fetch(tx: Transaction, image: Image) -> Image:
    """Have an image wait for bytes that the cloud fetches. Raises as `begin_upload` does."""
    answer = may(Action.FETCH, image.status)
    if not isinstance(answer, Allowed):
        raise Conflict(
            answer.reason if isinstance(answer, Denied) else "cannot import one image twice"
        )
    _check_formats(image)
    await check_room(tx, image.owner, 0, is_new=True)
    waiting = replace(image, status=answer.status, import_outcome=ImportOutcome.RUNNING)
    return await save_image(tx, waiting, image)


async def begin_try(
    tx: Transaction, image: Image, declared_bytes: int, limits: UploadLimits
) -> Upload:
    """Record the upload of one try to fetch an image's bytes.

    Raises `TooLarge`, `QuotaExceeded`.
    """
    check_size(declared_bytes, limits)
    await check_room(tx, image.owner, declared_bytes, is_new=True)
    return await _insert_upload(tx, image, Purpose.DOWNLOAD, declared_bytes)


async def note_progress(tx: Transaction, id: str, expected_bytes: int) -> None:
    """Count what has come and the next stretch in the quota.

    Raises `NotFound` when nobody wants the bytes any more, `QuotaExceeded`.
    """
    upload, _ = await _require_wanted(tx, id)
    if expected_bytes > upload.reserved_bytes:
        await check_room(tx, upload.owner, expected_bytes - upload.reserved_bytes)
        await store.update_reserved(tx, id, expected_bytes)


async def record_stored(tx: Transaction, id: str, stored: Stored) -> None:
    """Name the content before it enters the store, so that no sweep takes it away."""
    upload, _ = await _require_wanted(tx, id)
    await check_room(tx, upload.owner, stored.size_bytes - upload.reserved_bytes)
    await store.update_stored(tx, id, stored)


async def finish_upload(tx: Transaction, id: str) -> None:
    """The bytes are in the store: the image has them, or they wait for the import."""
    upload, image = await _require_wanted(tx, id)
    if upload.purpose is Purpose.STAGE:
        await store.update_finished(tx, id)
        return
    is_fetched = upload.purpose is Purpose.DOWNLOAD
    await _activate(tx, image, upload, Action.KEEP if is_fetched else Action.STORE)


async def import_staged(tx: Transaction, image: Image) -> None:
    """Give an image its staged bytes. Raises `Conflict` when there are none yet."""
    for upload in await store.list_uploads(tx, image.id):
        if upload.finished:
            await _activate(tx, image, upload, Action.IMPORT)
            return
    raise Conflict("cannot import the image; stage its data first, to the end")


async def give_up_upload(tx: Transaction, id: str) -> None:
    """An upload ended without its bytes: its image waits for another one. Repeatable.

    An image whose bytes the cloud fetches waits for the next try, which its task decides.
    """
    upload = await store.find_upload(tx, id)
    if upload is None or upload.finished:
        return
    await store.delete_upload(tx, id)
    if upload.stored is not None:
        tx.wake(BLOB_WAKE, upload.stored.sha512)
    image = await find_any_image(tx, upload.image_id)
    if image is None:
        return
    answer = may(Action.GIVE_UP, image.status)
    if isinstance(answer, Allowed):
        await save_image(tx, replace(image, status=answer.status), image)


def check_size(size_bytes: int, limits: UploadLimits) -> None:
    """Raise `TooLarge` for more bytes than the cloud accepts. Pure."""
    if size_bytes > limits.size_bytes_max:
        raise TooLarge(
            f"cannot store the image: it is over this cloud's limit of {limits.size_bytes_max} "
            "bytes; use a smaller or compressed qcow2 file"
        )


async def _insert_upload(
    tx: Transaction, image: Image, purpose: Purpose, reserved_bytes: int
) -> Upload:
    upload = Upload(
        id=str(uuid.uuid4()),
        image_id=image.id,
        owner=image.owner,
        purpose=purpose,
        started_at=now(),
        reserved_bytes=reserved_bytes,
    )
    await store.insert_upload(tx, upload)
    return upload


async def _activate(tx: Transaction, image: Image, upload: Upload, action: Action) -> None:
    answer = may(action, image.status)
    if not isinstance(answer, Allowed):
        raise Conflict(f"cannot give the image its bytes: it is '{image.status}'")
    assert upload.stored is not None
    has_bytes = replace(
        image,
        status=answer.status,
        import_outcome=None if action is Action.STORE else ImportOutcome.DONE,
        size_bytes=upload.stored.size_bytes,
        virtual_size_bytes=upload.stored.virtual_size_bytes,
        sha512=upload.stored.sha512,
        checksum=upload.stored.checksum,
    )
    await store.delete_upload(tx, upload.id)
    await save_image(tx, has_bytes, image)


async def _require_wanted(tx: Transaction, id: str) -> tuple[Upload, Image]:
    upload = await store.find_upload(tx, id)
    if upload is None:
        raise Conflict("cannot go on with the upload: it was given up; start it again")
    image = await find_any_image(tx, upload.image_id)
    if image is None:
        raise NotFound("cannot go on with the upload: the image was deleted")
    if image.status not in TAKES_BYTES:
        raise Conflict(f"cannot go on with the upload: the image is '{image.status}'")
    return upload, image


def _check_formats(image: Image) -> None:
    missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
    if missing:
        raise InvalidRequest(f"cannot store the image; set {' and '.join(missing)} first")
    if image.container_format is not ContainerFormat.BARE:
        raise InvalidRequest(
            f"cannot store an image in a container of format '{image.container_format}': unpack it "
            "and use container_format 'bare'"
        )
    if image.disk_format not in STORED_FORMATS:
        raise InvalidRequest(
            f"cannot store an image of disk_format '{image.disk_format}': convert it to qcow2 or "
            "raw, for example with 'qemu-img convert -O qcow2'"
        )


async def check_room(tx: Transaction, owner: str, more_bytes: int, *, is_new: bool = False) -> None:
    """Raise `QuotaExceeded` when a project would have too many bytes or uploads."""
    _, stored_bytes = await images.count_images(tx, owner)
    under_way, coming_bytes = await store.count_uploads(tx, owner)
    if is_new and under_way >= PROJECT_QUOTA["uploads"]:
        raise QuotaExceeded(
            f"cannot have more than {PROJECT_QUOTA['uploads']} uploads under way in a project: "
            "wait for one to end, or import or delete staged images"
        )
    if stored_bytes + coming_bytes + more_bytes > PROJECT_QUOTA["bytes"]:
        raise QuotaExceeded(
            f"cannot store more than {PROJECT_QUOTA['bytes']} bytes of images in a project: "
            "delete some first"
        )
