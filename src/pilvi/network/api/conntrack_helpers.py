"""Conntrack helpers of routers."""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.listing import page_of, parse_listing, select_fields
from pilvi.network.api.wire import ABSENT, Absent, Id, given, require
from pilvi.network.model.router import ConntrackHelper
from pilvi.network.operations import conntrack_helpers as operations
from pilvi.network.store import conntrack_helpers as store
from pilvi.network.store import routers
from pilvi.network.store.listing import Listing


class HelperFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a helper is made of."""

    protocol: str | Absent = ABSENT
    port: int | Absent = ABSENT
    helper: str | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class HelperBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT."""

    conntrack_helper: HelperFields


def _render(helper: ConntrackHelper) -> dict[str, Any]:
    return {
        "id": helper.id,
        "protocol": helper.protocol,
        "port": helper.port,
        "helper": helper.helper,
    }


async def _check_router(call: Call[Any]) -> str:
    """The router in the path, if the caller may see it. Raises `NotFound`."""
    id, project_id = call.path["router_id"], call.caller.visible_project_id
    return (await routers.get_router(call.tx, id, project_id)).id


async def list_conntrack_helpers(call: Call[None]) -> dict[str, Any]:
    """A router's helpers."""
    asked = parse_listing(call)
    values = {**asked.values, "router_id": [await _check_router(call)]}
    listing = Listing(project_id=asked.project_id, page=asked.page, values=values)
    found, more = await store.list_helpers(call.tx, listing)
    return page_of(call, "conntrack_helpers", [_render(one) for one in found], more)


async def show_conntrack_helper(call: Call[None]) -> dict[str, Any]:
    """One of a router's helpers."""
    return await _show(call)


async def _show(call: Call[Any]) -> dict[str, Any]:
    """The one that the path names, as it is now."""
    router_id, id = await _check_router(call), call.path["conntrack_helper_id"]
    found = await store.get_helper(call.tx, router_id, id)
    return {"conntrack_helper": select_fields(call, _render(found))}


async def create_conntrack_helper(call: Call[HelperBody]) -> dict[str, Any]:
    """Have a router read the further connections of a protocol out of the first."""
    values = given(call.payload.conntrack_helper)
    require(values, "protocol", "port", "helper")
    router_id = call.path["router_id"]
    id = await operations.create_conntrack_helper(call.tx, call.caller, router_id, values)
    return {"conntrack_helper": _render(await store.get_helper(call.tx, router_id, id))}


async def update_conntrack_helper(call: Call[HelperBody]) -> dict[str, Any]:
    """Change a helper of a router."""
    router_id, id = call.path["router_id"], call.path["conntrack_helper_id"]
    values = given(call.payload.conntrack_helper, {"project_id": ()})
    await operations.update_conntrack_helper(call.tx, call.caller, router_id, id, values)
    return await _show(call)


async def delete_conntrack_helper(call: Call[None]) -> None:
    """Remove a helper of a router."""
    router_id, id = call.path["router_id"], call.path["conntrack_helper_id"]
    await operations.delete_conntrack_helper(call.tx, call.caller, router_id, id)
