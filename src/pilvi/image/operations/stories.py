"""The story of an image: from its record, its tasks and the bytes on their way to it.

In the caller's transaction; nothing is changed.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from pilvi.core.db import Transaction
from pilvi.core.story import Event, Story, Wait, in_order
from pilvi.image.model.advice import list_image_steps
from pilvi.image.model.image import Image, Status, Viewer
from pilvi.image.model.task import OPEN, Task, TaskStatus
from pilvi.image.model.upload import Upload
from pilvi.image.store import tasks as tasks_store
from pilvi.image.store import uploads as uploads_store


async def explain_image(tx: Transaction, viewer: Viewer, image: Image) -> Story:
    """What was asked of an image, what came of it, what it waits for, and what helps.

    Who only sees another project's image is told nothing of how its owner made it.
    """
    is_own = viewer.is_admin or viewer.project_id == image.owner
    tasks = await tasks_store.list_image_tasks(tx, image.id) if is_own else []
    uploads = await uploads_store.list_uploads(tx, image.id) if is_own else []
    waits = _waits(image, tasks, uploads)
    failed = _failures(image, tasks)
    return Story(
        kind="image",
        id=image.id,
        name=image.name or "",
        status=image.status,
        asked=_asked(image, tasks, uploads),
        done=_done(image, tasks),
        waits=tuple(waits),
        failed=failed,
        next_steps=list_image_steps(image, waits, failed) if is_own else (),
    )


def _asked(image: Image, tasks: Sequence[Task], uploads: Sequence[Upload]) -> tuple[Event, ...]:
    events = [Event(words="create", at=image.created_at)]
    for task in tasks:
        # Of the address only the server: the rest of it may be a secret.
        source = f" from {urlsplit(task.uri).hostname}" if task.uri else ""
        events.append(
            Event(
                words=f"import{source}",
                at=task.created_at,
                user_id=task.user_id,
                request_id=task.request_id,
            )
        )
    for one in uploads:
        if not one.finished:
            events.append(Event(words=f"take its bytes ({one.purpose})", at=one.started_at))
    return in_order(events)


def _done(image: Image, tasks: Sequence[Task]) -> tuple[Event, ...]:
    events = [
        Event(words="import: done", at=task.updated_at, request_id=task.request_id)
        for task in tasks
        if task.status is TaskStatus.SUCCESS
    ]
    if image.size_bytes is not None:
        events.append(Event(words=f"{image.size_bytes} bytes were checked and stored"))
    return in_order(events)


def _waits(image: Image, tasks: Sequence[Task], uploads: Sequence[Upload]) -> list[Wait]:
    waits = [
        Wait(
            words="its bytes from the web",
            since=task.created_at,
            tries=task.tries,
            last_error=task.message,
        )
        for task in tasks
        if task.status in OPEN
    ]
    coming = [one for one in uploads if not one.finished]
    if coming and not waits:
        waits.append(Wait(words="the rest of its bytes", since=coming[0].started_at))
    elif image.status is Status.UPLOADING:
        waits.append(Wait(words="its owner's import call", since=image.updated_at))
    elif image.status is Status.QUEUED and not waits:
        waits.append(Wait(words="its bytes, which nobody sends", since=image.updated_at))
    return waits


def _failures(image: Image, tasks: Sequence[Task]) -> tuple[Event, ...]:
    events = [
        Event(
            words=f"import: {task.message or 'no reason was kept'}",
            at=task.updated_at,
            request_id=task.request_id,
        )
        for task in tasks
        if task.status is TaskStatus.FAILURE
    ]
    if image.fault:
        events.append(Event(words=image.fault, at=image.updated_at))
    return in_order(events)
