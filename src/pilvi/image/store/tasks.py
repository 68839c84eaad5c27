"""Rows of tasks."""

import datetime
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.core.db.paging import read_page
from pilvi.core.paging import Page
from pilvi.image.model.image import ImageId
from pilvi.image.model.task import OPEN, Task, TaskId, TaskStatus, TaskType
from pilvi.image.store.tables import tasks

_t = tasks.c
_COLUMNS = tuple(_t.keys())
SORT_COLUMNS: dict[str, ColumnElement[Any]] = {
    name: _t[name] for name in ("id", "type", "status", "created_at", "updated_at", "expires_at")
}
FILTERS = frozenset({"status", "type"})
_FIND = Prepared(select(tasks).where(_t.id == bindparam("of_id")))
_OF_IMAGE = Prepared(
    select(tasks).where(_t.image_id == bindparam("of_image")).order_by(_t.created_at, _t.id)
)
_DUE = Prepared(
    select(_t.id)
    .where(_t.status.in_(sorted(OPEN)) | (_t.expires_at <= bindparam("moment")))
    .order_by(_t.created_at)
)
_UPDATE = Prepared(update(tasks).where(_t.id == bindparam("of_id")))


def _task(row: Row[Any]) -> Task:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values.update(type=TaskType(row.type), status=TaskStatus(row.status))
    return Task(**values)


async def insert_task(tx: Transaction, task: Task) -> None:
    """Add a task."""
    await tx.run(insert(tasks).values(**{name: getattr(task, name) for name in _COLUMNS}))


async def find_task(tx: Transaction, id: str) -> Task | None:
    """One task, or None."""
    row = await tx.first(_FIND, {"of_id": id})
    return None if row is None else _task(row)


async def update_task(tx: Transaction, task: Task) -> None:
    """Make the row of a task equal to `task`."""
    values = {name: getattr(task, name) for name in _COLUMNS if name != "id"}
    await tx.run(_UPDATE, {"of_id": task.id, **values})


async def delete_task(tx: Transaction, id: TaskId) -> None:
    """Forget a task. Repeatable."""
    await tx.run(delete(tasks).where(_t.id == id))


async def list_tasks(
    tx: Transaction, owner: str | None, wanted: Mapping[str, str], page: Page
) -> tuple[list[Task], bool]:
    """One page of the tasks of a project (None: of all), and whether more follow."""
    query = select(tasks).where(*(_t[name] == value for name, value in wanted.items()))
    if owner is not None:
        query = query.where(_t.owner == owner)
    rows, more = await read_page(tx, query, tasks, page, SORT_COLUMNS)
    return [_task(row) for row in rows], more


async def list_image_tasks(tx: Transaction, image_id: ImageId) -> list[Task]:
    """The tasks of one image, oldest first."""
    return [_task(row) for row in await tx.all(_OF_IMAGE, {"of_image": image_id})]


async def list_due(tx: Transaction, moment: datetime.datetime) -> list[TaskId]:
    """The tasks that are open, or whose record has had its time."""
    return [TaskId(row.id) for row in await tx.all(_DUE, {"moment": moment})]


async def count_processing(tx: Transaction, owner: str) -> int:
    """How many downloads of a project are under way."""
    query = select(func.count()).select_from(tasks)
    mine = (_t.owner == owner) & (_t.status == TaskStatus.PROCESSING)
    return int(await tx.scalar(query.where(mine)))
