"""What is done about a task."""

import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from image_files import blank_image
from pilvi.core.db import now
from pilvi.image.model.image import ImageId, Status
from pilvi.image.model.task import (
    BEGIN_S,
    OPEN,
    Step,
    Task,
    TaskId,
    TaskStatus,
    TaskType,
    plan_task,
)
from pilvi.image.model.upload import Purpose, Upload


def make_task(status: TaskStatus, **values: Any) -> Task:
    """A task on paper."""
    moment = now()
    blank: dict[str, Any] = {
        "id": TaskId("t"),
        "image_id": ImageId("i"),
        "owner": "p",
        "user_id": "u",
        "request_id": "r",
        "type": TaskType.API_IMAGE_IMPORT,
        "status": status,
        "input": {},
        "created_at": moment,
        "updated_at": moment,
    }
    return Task(**{**blank, **values})


@given(
    st.none() | st.sampled_from(TaskStatus),
    st.sampled_from(["gone", "waiting", "has bytes"]),
    st.booleans(),
    st.none() | st.booleans(),
    st.floats(0, 3 * BEGIN_S),
)
def test_plan(
    status: TaskStatus | None, seen: str, recorded: bool, has_writer: bool | None, age_s: float
) -> None:
    moment = now()
    task = None if status is None else make_task(status)
    image = None
    if seen != "gone":
        image = blank_image(
            status=Status.IMPORTING, sha512="a" * 128 if seen == "has bytes" else None
        )
    upload = None
    if recorded:
        started_at = moment - datetime.timedelta(seconds=age_s)
        upload = Upload(
            id="u",
            image_id=ImageId("i"),
            owner="p",
            purpose=Purpose.DOWNLOAD,
            started_at=started_at,
            reserved_bytes=0,
        )
    step = plan_task(task, image, upload, has_writer, moment)
    if task is None or task.status not in OPEN:
        assert step is None
    elif image is None:
        assert step is Step.NOTE_FAILURE
    elif image.sha512 is not None:
        assert step is Step.NOTE_SUCCESS
    elif step is Step.FETCH:
        assert not has_writer, "one writer at a time"
        assert upload is None or has_writer is False or age_s >= BEGIN_S
    else:
        assert step is Step.WAIT


def test_an_ended_task_is_kept_for_a_while() -> None:
    moment = now()
    for status in (TaskStatus.SUCCESS, TaskStatus.FAILURE):
        for age_s, step in ((-1.0, None), (0.0, Step.FORGET)):
            expires_at = moment - datetime.timedelta(seconds=age_s)
            task = make_task(status, expires_at=expires_at)
            assert plan_task(task, None, None, None, moment) is step
