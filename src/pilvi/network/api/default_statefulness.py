"""Whether new security groups keep connections in mind."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, given, require
from pilvi.network.model.security_group import DefaultStatefulness
from pilvi.network.operations import default_statefulness as operations
from pilvi.network.store import default_statefulness as store

# The name is the same for one and for many.
NAME = "security_groups_default_statefulness"


class DefaultStatefulnessFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a default is made of; no project is everybody."""

    project_id: Id | None | Absent = ABSENT
    tenant_id: Id | None | Absent = ABSENT
    is_stateful: bool | Absent = msgspec.field(default=ABSENT, name="stateful")


class DefaultStatefulnessBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    security_groups_default_statefulness: DefaultStatefulnessFields


def _render(found: DefaultStatefulness) -> dict[str, Any]:
    return {"id": found.id, "project_id": found.project_id, "stateful": found.is_stateful}


async def list_default_statefulness(call: Call[None]) -> dict[str, Any]:
    """One's own default and everybody's; all for admins."""
    found, more = await store.list_defaults(call.tx, parse_listing(call))
    return page_of(call, NAME, [_render(one) for one in found], more)


async def show_default_statefulness(call: Call[None]) -> dict[str, Any]:
    """One default."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    id, project_id = call.path["default_statefulness_id"], call.caller.visible_project_id
    return {NAME: select_fields(call, _render(await store.get_default(call.tx, id, project_id)))}


async def create_default_statefulness(call: Call[DefaultStatefulnessBody]) -> dict[str, Any]:
    """A default for groups that are made from now on."""
    values = given(call.payload.security_groups_default_statefulness)
    require(values, "is_stateful")
    id = await operations.create_default_statefulness(
        call.tx, values.get("project_id"), is_stateful=values["is_stateful"]
    )
    return {NAME: _render(await store.get_default(call.tx, id, None))}


async def update_default_statefulness(call: Call[DefaultStatefulnessBody]) -> dict[str, Any]:
    """Change a default; its project stays."""
    values = given(call.payload.security_groups_default_statefulness, {"project_id": ()})
    require(values, "is_stateful")
    id = call.path["default_statefulness_id"]
    await operations.update_default_statefulness(call.tx, id, is_stateful=values["is_stateful"])
    return await _show(call)


async def delete_default_statefulness(call: Call[None]) -> None:
    """Remove a default."""
    id = call.path["default_statefulness_id"]
    await operations.delete_default_statefulness(call.tx, id)
