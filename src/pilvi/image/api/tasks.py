"""Tasks: what imports are doing, and the older way to ask for one."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.core.paging import parse_page
from pilvi.errors import InvalidRequest, Unsupported
from pilvi.image.api.image_fields import split_fields
from pilvi.image.api.images import viewer
from pilvi.image.api.imports import import_terms
from pilvi.image.model.task import Task, TaskStatus, TaskType
from pilvi.image.operations import tasks as operations
from pilvi.image.operations.imports import create_import_task
from pilvi.image.operations.tasks import Asked

_PAGING = frozenset({"limit", "marker", "sort_key", "sort_dir"})


class TaskInput(msgspec.Struct, forbid_unknown_fields=True):
    """What an import task is to do."""

    import_from: str
    import_from_format: str
    image_properties: dict[str, Any]


class TaskCreate(msgspec.Struct):
    """Body of POST /v2/tasks; what the task itself decides is ignored, as Glance does."""

    type: str
    input: dict[str, Any]


async def create_task(call: Call[TaskCreate]) -> Reply:
    """Make an image and fetch its bytes."""
    body = call.payload
    if body.type != TaskType.IMPORT:
        raise InvalidRequest(f"cannot create a task of the type '{body.type}'; use 'import'")
    try:
        wanted = msgspec.convert(body.input, TaskInput)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"cannot accept the input of the task: {error}") from None
    fields, properties = split_fields(wanted.image_properties)
    if fields.get("disk_format") != wanted.import_from_format:
        raise InvalidRequest(
            "cannot convert an image while it is imported; give import_from_format and "
            "disk_format the same value"
        )
    asked = Asked(call.caller.user_id, call.request_id, TaskType.IMPORT, body.input)
    task = await create_import_task(
        call.tx,
        viewer(call),
        (fields, properties),
        wanted.import_from,
        (asked, import_terms(call.settings)),
    )
    headers = {"location": f"{call.service_url}/tasks/{task.id}"}
    return Reply(_render(task), headers=headers)


async def list_tasks(call: Call[None]) -> dict[str, Any]:
    """One page of the tasks that the caller may see."""
    items = call.query.multi_items()
    wanted = {name: value for name, value in items if name in ("status", "type")}
    if "\0" in "".join(wanted.values()):
        raise InvalidRequest("cannot filter by a text with a zero byte in it")
    page = parse_page(call.query)
    tasks, more = await operations.list_tasks(call.tx, viewer(call), wanted, page)
    kept = [(name, value) for name, value in items if name != "marker"]
    body = {
        "tasks": [_render_sparse(task) for task in tasks],
        "first": _link(kept),
        "schema": "/v2/schemas/tasks",
    }
    if more:
        body["next"] = _link([*kept, ("marker", tasks[-1].id)])
    return body


async def show_task(call: Call[None]) -> dict[str, Any]:
    """One task."""
    return _render(await operations.get_task(call.tx, viewer(call), call.path["task_id"]))


async def delete_task(call: Call[None]) -> None:
    """Tasks are forgotten by themselves, two days after their end."""
    await operations.get_task(call.tx, viewer(call), call.path["task_id"])
    raise Unsupported("cannot delete a task: its record goes two days after its end")


async def list_image_tasks(call: Call[None]) -> dict[str, Any]:
    """The tasks of one image, with who asked for them in which request."""
    tasks = await operations.list_image_tasks(call.tx, viewer(call), call.path["image_id"])
    return {"tasks": [_render_for_image(task) for task in tasks]}


def _link(items: list[tuple[str, str]]) -> str:
    return "/v2/tasks" + (f"?{urlencode(items)}" if items else "")


def _render_sparse(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "created_at": f"{task.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{task.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        **_expiry(task),
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }


def _expiry(task: Task) -> dict[str, str]:
    return (
        {} if task.expires_at is None else {"expires_at": f"{task.expires_at:%Y-%m-%dT%H:%M:%SZ}"}
    )


def _render(task: Task) -> dict[str, Any]:
    is_done = task.status is TaskStatus.SUCCESS
    return {
        **_render_sparse(task),
        "input": task.input,
        "result": {"image_id": task.image_id} if is_done else None,
        "message": task.message,
    }


def _render_for_image(task: Task) -> dict[str, Any]:
    """Without links: the path of a task is an admin's."""
    shown = {name: v for name, v in _render(task).items() if name not in ("self", "schema")}
    return {
        **shown,
        "image_id": task.image_id,
        "request_id": task.request_id,
        "user_id": task.user_id,
    }
