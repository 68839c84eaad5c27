"""Rows of tasks, on both databases."""

import datetime
import uuid
from dataclasses import replace
from typing import Any

from pilvi.core.db import Database, now
from pilvi.core.paging import Page
from pilvi.image.model.image import ImageId
from pilvi.image.model.task import Task, TaskId, TaskStatus, TaskType
from pilvi.image.store import tasks as store


def make_task(**values: Any) -> Task:
    """A pending task of project p."""
    moment = now()
    blank: dict[str, Any] = {
        "id": TaskId(str(uuid.uuid4())),
        "image_id": ImageId("i"),
        "owner": "p",
        "user_id": "u",
        "request_id": "r",
        "type": TaskType.API_IMAGE_IMPORT,
        "status": TaskStatus.PENDING,
        "input": {"a": [1]},
        "created_at": moment,
        "updated_at": moment,
    }
    return Task(**{**blank, **values})


async def test_a_task_comes_back_as_it_went(db: Database) -> None:
    async with db.write() as tx:
        task = make_task(uri="http://x.org/")
        await store.insert_task(tx, task)
        assert await store.find_task(tx, task.id) == task
        ended = replace(task, status=TaskStatus.FAILURE, message="no", tries=3, expires_at=now())
        await store.update_task(tx, ended)
        assert await store.list_image_tasks(tx, task.image_id) == [ended]
        await store.delete_task(tx, task.id)
        await store.delete_task(tx, task.id)
        assert await store.find_task(tx, task.id) is None


async def test_what_is_due(db: Database) -> None:
    moment = now()
    async with db.write() as tx:
        before, after = moment - datetime.timedelta(1), moment + datetime.timedelta(1)
        rows = [
            make_task(),
            make_task(status=TaskStatus.PROCESSING, owner="q"),
            make_task(status=TaskStatus.SUCCESS, expires_at=before),
            make_task(status=TaskStatus.SUCCESS, expires_at=after),
        ]
        for task in rows:
            await store.insert_task(tx, task)
        assert set(await store.list_due(tx, moment)) == {task.id for task in rows[:3]}
        assert await store.count_processing(tx, "p") == 0
        assert await store.count_processing(tx, "q") == 1
        mine, more = await store.list_tasks(tx, "p", {"status": "success"}, Page(limit=1))
        assert len(mine) == 1 and more
        everything, _ = await store.list_tasks(tx, None, {}, Page())
        assert len(everything) == 4
