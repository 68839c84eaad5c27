"""A task: how bytes come into an image without the caller sending them, and what came of it."""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from pilvi.image.model.image import Image, ImageId
from pilvi.image.model.upload import Upload

TaskId = NewType("TaskId", str)

# Seconds that the record of an ended task is kept: what Glance ships with. Lower: the outcome is
# gone before somebody looks; higher: a longer table.
KEPT_S = 48 * 3600
# Failures after which a download is given up. Lower: a hiccup of the network ends it; higher: its
# owner learns late that it cannot work.
TRIES_MAX = 3
# Seconds between recording a download's upload and the lock on its file: see `reconcilers/upload`.
BEGIN_S = 10.0


class TaskType(StrEnum):
    """Who asked: the import call of one image, or the tasks API."""

    IMPORT = "import"
    API_IMAGE_IMPORT = "api_image_import"


class TaskStatus(StrEnum):
    """How far a task is, as on the wire."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILURE = "failure"


OPEN = frozenset({TaskStatus.PENDING, TaskStatus.PROCESSING})
"""The states of a task that still has something to do."""


class ImportMethod(StrEnum):
    """Where the bytes of an import come from, as on the wire."""

    GLANCE_DIRECT = "glance-direct"
    WEB_DOWNLOAD = "web-download"
    GLANCE_DOWNLOAD = "glance-download"
    COPY_IMAGE = "copy-image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. `uri` is None for one that was done when it was asked for."""

    id: TaskId
    image_id: ImageId
    owner: str
    user_id: str
    request_id: str
    type: TaskType
    status: TaskStatus
    input: dict[str, Any]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    expires_at: datetime.datetime | None = None
    """When the record goes; None while the task is open."""
    message: str = ""
    """Why it failed, or failed for now."""
    uri: str | None = None
    tries: int = 0
    """How often the download failed."""
    upload_id: str | None = None
    """The upload of the latest try, recorded before its first byte."""


class Step(StrEnum):
    """What can be done about a task."""

    FORGET = "forget"
    NOTE_SUCCESS = "note success"
    NOTE_FAILURE = "note failure"
    WAIT = "wait"
    FETCH = "fetch"


def plan_task(
    task: Task | None,
    image: Image | None,
    upload: Upload | None,
    has_writer: bool | None,
    moment: datetime.datetime,
) -> Step | None:
    """What to do about a task, its image, the upload of its latest try and its file. Pure.

    A file with a writer is somebody else's try, in this process or another.
    """
    if task is None:
        return None
    if task.status not in OPEN:
        is_old = task.expires_at is not None and task.expires_at <= moment
        return Step.FORGET if is_old else None
    if image is None:
        return Step.NOTE_FAILURE
    if image.sha512 is not None:
        return Step.NOTE_SUCCESS
    if has_writer:
        return Step.WAIT
    if upload is not None and has_writer is None:
        age_s = (moment - upload.started_at).total_seconds()
        return Step.WAIT if age_s < BEGIN_S else Step.FETCH
    return Step.FETCH
