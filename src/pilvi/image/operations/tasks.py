"""Records of imports and what becomes of them. All in the caller's transaction."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import Conflict, NotFound
from pilvi.image.model.image import (
    TAKES_BYTES,
    Action,
    Allowed,
    Image,
    ImportOutcome,
    Viewer,
    may,
)
from pilvi.image.model.task import KEPT_S, OPEN, Task, TaskId, TaskStatus, TaskType
from pilvi.image.model.upload import Upload, UploadLimits
from pilvi.image.operations.images import IMPORT_WAKE, find_any_image, save_image, show_image
from pilvi.image.operations.uploads import begin_try, give_up_upload
from pilvi.image.store import images
from pilvi.image.store import tasks as store

# Downloads of one project at once. Lower: its own images wait for each other; higher: one project
# with slow servers keeps the others waiting.
DOWNLOADS_PER_PROJECT = 2
# Ended tasks of one image that are remembered. Lower: less to look at; higher: a longer table.
REMEMBERED_PER_IMAGE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a task, in which request, and how."""

    user_id: str
    request_id: str
    type: TaskType
    input: dict[str, Any]


async def record_done(tx: Transaction, image: Image, asked: Asked, reason: str = "") -> Task:
    """Record an import that is over: it failed when there is a reason."""
    status = TaskStatus.FAILURE if reason else TaskStatus.SUCCESS
    task = replace(_new_task(image, asked, status), message=reason, expires_at=_expiry())
    await _insert(tx, task)
    return task


async def record_download(tx: Transaction, image: Image, asked: Asked, uri: str) -> Task:
    """Record an import whose bytes the cloud is to fetch."""
    task = replace(_new_task(image, asked, TaskStatus.PENDING), uri=uri)
    await _insert(tx, task)
    tx.wake(IMPORT_WAKE, task.id)
    return task


async def list_tasks(
    tx: Transaction, viewer: Viewer, wanted: Mapping[str, str], page: Page
) -> tuple[list[Task], bool]:
    """One page of the tasks that the viewer may see, and whether more follow."""
    owner = None if viewer.is_admin else viewer.project_id
    return await store.list_tasks(tx, owner, wanted, page)


async def get_task(tx: Transaction, viewer: Viewer, id: str) -> Task:
    """One task. Raises `NotFound`, also for another project's."""
    task = await store.find_task(tx, id)
    if task is None or not (viewer.is_admin or task.owner == viewer.project_id):
        raise NotFound(f"cannot find the task '{id}'")
    return task


async def list_image_tasks(tx: Transaction, viewer: Viewer, image_id: str) -> list[Task]:
    """The tasks of an image that the viewer may see: who only uses it sees none."""
    image = await show_image(tx, viewer, image_id)
    if not viewer.is_admin and image.owner != viewer.project_id:
        return []
    return await store.list_image_tasks(tx, image.id)


async def begin_download(tx: Transaction, id: str) -> Task | None:
    """Give a download its turn; None when it must wait for one or is over."""
    task = await store.find_task(tx, id)
    if task is None or task.status not in OPEN:
        return None
    if task.status is TaskStatus.PENDING:
        if await store.count_processing(tx, task.owner) >= DOWNLOADS_PER_PROJECT:
            return None
        task = replace(task, status=TaskStatus.PROCESSING, updated_at=now())
        await store.update_task(tx, task)
    return task


async def record_try(
    tx: Transaction, id: str, declared_bytes: int | None, limits: UploadLimits
) -> tuple[Image, Upload]:
    """Record the upload of one try before its first byte; the one before is given up.

    Raises `NotFound` when nobody wants the bytes any more, `Conflict` when they are there,
    `TooLarge`, `QuotaExceeded`.
    """
    task = await store.find_task(tx, id)
    image = None if task is None else await find_any_image(tx, task.image_id)
    if task is None or image is None:
        raise NotFound("cannot import: the image was deleted")
    if task.status not in OPEN or image.status not in TAKES_BYTES:
        raise Conflict(f"cannot import: the image is '{image.status}'")
    if task.upload_id is not None:
        await give_up_upload(tx, task.upload_id)
    upload = await begin_try(tx, image, declared_bytes or 0, limits)
    await store.update_task(tx, replace(task, upload_id=upload.id, updated_at=now()))
    return image, upload


async def note_try(tx: Transaction, id: str, reason: str) -> int:
    """Note that a try failed, and return how many did."""
    task = await store.find_task(tx, id)
    if task is None or task.status not in OPEN:
        return 0
    task = replace(task, tries=task.tries + 1, message=reason, updated_at=now())
    await store.update_task(tx, task)
    return task.tries


async def note_success(tx: Transaction, id: str) -> None:
    """The image has its bytes. Repeatable."""
    task = await store.find_task(tx, id)
    if task is not None and task.status in OPEN:
        await _end(tx, task, TaskStatus.SUCCESS, "")


async def note_failure(tx: Transaction, id: str, reason: str) -> None:
    """The image will not get its bytes by this task. Repeatable.

    An image that only the task made goes with it; another waits for other bytes.
    """
    task = await store.find_task(tx, id)
    if task is None or task.status not in OPEN:
        return
    if task.upload_id is not None:
        await give_up_upload(tx, task.upload_id)
    await _end(tx, task, TaskStatus.FAILURE, reason)
    image = await find_any_image(tx, task.image_id)
    answer = None if image is None else may(Action.GIVE_UP_FETCH, image.status)
    if image is None or not isinstance(answer, Allowed):
        return
    if task.type is TaskType.IMPORT:
        await images.delete_image(tx, image.id)
        return
    waiting = replace(image, status=answer.status, import_outcome=ImportOutcome.FAILED)
    await save_image(tx, waiting, image)


async def forget_task(tx: Transaction, id: TaskId) -> None:
    """Remove the record of a task. Repeatable."""
    await store.delete_task(tx, id)


def _new_task(image: Image, asked: Asked, status: TaskStatus) -> Task:
    moment = now()
    return Task(
        id=TaskId(str(uuid.uuid4())),
        image_id=image.id,
        owner=image.owner,
        user_id=asked.user_id,
        request_id=asked.request_id,
        type=asked.type,
        status=status,
        input=asked.input,
        created_at=moment,
        updated_at=moment,
    )


async def _insert(tx: Transaction, task: Task) -> None:
    ended = [one for one in await store.list_image_tasks(tx, task.image_id) if one.expires_at]
    for old in ended[: max(0, len(ended) + 1 - REMEMBERED_PER_IMAGE)]:
        await store.delete_task(tx, old.id)
    await store.insert_task(tx, task)


async def _end(tx: Transaction, task: Task, status: TaskStatus, message: str) -> None:
    ended = replace(
        task, status=status, message=message, updated_at=now(), expires_at=_expiry(), uri=None
    )
    await store.update_task(tx, ended)


def _expiry() -> datetime.datetime:
    return now() + datetime.timedelta(seconds=KEPT_S)
