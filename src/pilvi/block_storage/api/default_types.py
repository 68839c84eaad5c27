"""The volume types that projects have for volumes that name none."""

from typing import Any

import msgspec

from pilvi.block_storage.api.volumes import Name
from pilvi.block_storage.operations.volume_types import choose_default
from pilvi.block_storage.store import volume_types as store
from pilvi.core.http import Call
from pilvi.errors import NotFound


class DefaultFields(msgspec.Struct, forbid_unknown_fields=True):
    """The type by name or id."""

    volume_type: Name


class DefaultUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /default-types/{project_id}."""

    default_type: DefaultFields


def _render(project_id: str, type_id: str) -> dict[str, str]:
    return {"project_id": project_id, "volume_type_id": type_id}


async def list_default_types(call: Call[None]) -> dict[str, Any]:
    """Every project's choice."""
    found = await store.list_defaults(call.tx)
    return {"default_types": [_render(*pair) for pair in found.items()]}


async def show_default_type(call: Call[None]) -> dict[str, Any]:
    """One project's choice."""
    project_id = call.path["project_id"]
    found = await store.find_default_of(call.tx, project_id)
    if found is None:
        raise NotFound(f"cannot find a default volume type of the project '{project_id}'")
    return {"default_type": _render(project_id, found)}


async def set_default_type(call: Call[DefaultUpdate]) -> dict[str, Any]:
    """Choose for a project."""
    project_id = call.path["project_id"]
    named = call.payload.default_type.volume_type
    chosen = await choose_default(call.tx, project_id, named)
    return {"default_type": _render(project_id, chosen or "")}


async def unset_default_type(call: Call[None]) -> None:
    """Choose nothing for a project. Repeatable."""
    await choose_default(call.tx, call.path["project_id"], None)
