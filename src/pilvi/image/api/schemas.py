"""JSON schemas that describe images and members to clients."""

from typing import Any

from pilvi.core.http import Call
from pilvi.image.model.image import ContainerFormat, DiskFormat, Status, Visibility
from pilvi.image.model.member import MemberStatus
from pilvi.image.model.task import TaskStatus, TaskType

_ID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"


def _field(kind: Any, description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description, **more}


def _seen(kind: Any, description: str, **more: Any) -> dict[str, Any]:
    return _field(kind, description, readOnly=True, **more)


_TEXT = ["null", "string"]
_NUMBER = ["null", "integer"]

_IMAGE_PROPERTIES: dict[str, Any] = {
    "id": _field("string", "Identifier of the image.", pattern=_ID),
    "name": _field(_TEXT, "Name of the image.", maxLength=255),
    "status": _seen("string", "State of the image.", enum=list(Status)),
    "visibility": _field("string", "Who sees the image.", enum=list(Visibility)),
    "protected": _field("boolean", "Whether deleting is refused."),
    "os_hidden": _field("boolean", "Whether ordinary lists leave the image out."),
    "checksum": _seen(_TEXT, "md5 of the bytes.", maxLength=32),
    "os_hash_algo": _seen(_TEXT, "Algorithm of os_hash_value.", maxLength=64),
    "os_hash_value": _seen(_TEXT, "Hash of the bytes, in hexadecimal.", maxLength=128),
    "owner": _field(_TEXT, "Project that owns the image.", maxLength=255),
    "size": _seen(_NUMBER, "Size of the file in bytes."),
    "virtual_size": _seen(_NUMBER, "Size of the disk in bytes."),
    "container_format": _field(_TEXT, "Format of the container.", enum=[None, *ContainerFormat]),
    "disk_format": _field(_TEXT, "Format of the disk.", enum=[None, *DiskFormat]),
    "created_at": _seen("string", "When the record was made."),
    "updated_at": _seen("string", "When the record was last changed."),
    "tags": _field("array", "Tags.", items={"type": "string", "maxLength": 255}),
    "min_ram": _field("integer", "MiB of memory that a server needs at least."),
    "min_disk": _field("integer", "GiB of disk that a server needs at least."),
    "self": _seen("string", "Path of the image."),
    "file": _seen("string", "Path of the bytes."),
    "stores": _seen("string", "The store that has the bytes, once there are any."),
    "schema": _seen("string", "Path of this schema."),
}
_MEMBER_PROPERTIES: dict[str, Any] = {
    "created_at": _field("string", "When the image was shared."),
    "image_id": _field("string", "Identifier of the image.", pattern=_ID),
    "member_id": _field("string", "Project with which the image is shared."),
    "schema": {"type": "string", "readOnly": True},
    "status": _field("string", "Whether the member wants it.", enum=list(MemberStatus)),
    "updated_at": _field("string", "When the membership was last changed."),
}

_TASK_PROPERTIES: dict[str, Any] = {
    "id": _field("string", "Identifier of the task.", pattern=_ID),
    "type": _field("string", "What the task does.", enum=list(TaskType)),
    "status": _field("string", "How far it is.", enum=list(TaskStatus)),
    "input": _field(["null", "object"], "What it was asked to do."),
    "result": _field(["null", "object"], "What came of it."),
    "owner": _field("string", "Project that owns the task."),
    "message": _field("string", "Why it failed."),
    "image_id": _field("string", "Image that it is about."),
    "request_id": _field("string", "Request that asked for it."),
    "user_id": _field("string", "User who asked for it."),
    "expires_at": _field(_TEXT, "When its record goes."),
    "created_at": _field("string", "When it was asked for."),
    "updated_at": _field("string", "When it last changed."),
    "self": {"type": "string", "readOnly": True},
    "schema": {"type": "string", "readOnly": True},
}

IMAGE: dict[str, Any] = {
    "name": "image",
    "properties": _IMAGE_PROPERTIES,
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
TASK: dict[str, Any] = {"name": "task", "properties": _TASK_PROPERTIES}
MEMBER: dict[str, Any] = {"name": "member", "properties": _MEMBER_PROPERTIES}


def list_schema(name: str, item: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The schema of a list. Pure."""
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
            **more,
            "schema": {"type": "string"},
        },
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }


async def show_image_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one image."""
    return IMAGE


async def show_images_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of images."""
    text = {"type": "string"}
    links = [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ]
    return {**list_schema("images", IMAGE, first=text, next=text), "links": links}


async def show_member_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one membership."""
    return MEMBER


async def show_members_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of memberships."""
    return list_schema("members", MEMBER)


async def show_task_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of one task."""
    return TASK


async def show_tasks_schema(call: Call[None]) -> dict[str, Any]:
    """The schema of a list of tasks."""
    text = {"type": "string"}
    return list_schema("tasks", TASK, first=text, next=text)
