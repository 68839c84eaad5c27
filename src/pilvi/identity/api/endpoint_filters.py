"""Which endpoints a project's catalog is narrowed to, one by one or in groups."""

from typing import Any

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call, Reply
from pilvi.errors import InvalidRequest
from pilvi.identity.api.catalog import render_endpoint
from pilvi.identity.api.projects import render_project
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Name,
    Text,
    Unset,
    link,
    page,
    read_wanted,
    require,
    set_fields,
)
from pilvi.identity.operations import endpoint_filters as operations
from pilvi.identity.operations.catalog import list_endpoints_of_group
from pilvi.identity.store import projects

_FILTERS = frozenset({"service_id", "region_id", "interface", "enabled"})


class EndpointGroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """What an endpoint group is made of."""

    name: Name | Unset = UNSET
    description: Text | None | Unset = UNSET
    filters: Free | Unset = UNSET


class EndpointGroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/OS-EP-FILTER/endpoint_groups."""

    endpoint_group: EndpointGroupFields


def _render(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in ("id", "name", "description", "filters")}
    return {**shown, "links": link(call, f"OS-EP-FILTER/endpoint_groups/{row.id}")}


def _check_filters(filters: Any) -> None:
    if filters is UNSET:
        return
    unknown = set(filters) - _FILTERS
    if unknown:
        known = ", ".join(sorted(_FILTERS))
        raise InvalidRequest(f"cannot filter endpoints by '{sorted(unknown)[0]}'; use {known}")
    for name, value in filters.items():
        if not isinstance(value, bool if name == "enabled" else str):
            raise InvalidRequest(f"cannot filter endpoints by this value of '{name}'")
    if filters.get("interface", "public") not in ("public", "internal", "admin"):
        raise InvalidRequest("cannot filter by this interface; use public, internal or admin")


async def list_endpoint_groups(call: Call[None]) -> dict[str, Any]:
    """The endpoint groups."""
    found, more = await operations.list_groups(call.tx, read_wanted(call, "name"))
    return page(call, "endpoint_groups", [_render(call, row) for row in found], more)


async def show_endpoint_group(call: Call[None]) -> dict[str, Any]:
    """One endpoint group."""
    row = await operations.get_group(call.tx, call.path["endpoint_group_id"])
    return {"endpoint_group": _render(call, row)}


async def create_endpoint_group(call: Call[EndpointGroupBody]) -> dict[str, Any]:
    """A new endpoint group."""
    fields = call.payload.endpoint_group
    for name in ("name", "filters"):
        require(getattr(fields, name), "endpoint group", name)
    _check_filters(fields.filters)
    row = await operations.create_group(call.tx, **set_fields(fields))
    return {"endpoint_group": _render(call, row)}


async def update_endpoint_group(call: Call[EndpointGroupBody]) -> dict[str, Any]:
    """Change an endpoint group."""
    fields, id = call.payload.endpoint_group, call.path["endpoint_group_id"]
    _check_filters(fields.filters)
    row = await operations.update_group(call.tx, id, **set_fields(fields))
    return {"endpoint_group": _render(call, row)}


async def delete_endpoint_group(call: Call[None]) -> None:
    """Remove an endpoint group; catalogs are narrowed to it no more."""
    await operations.delete_group(call.tx, call.path["endpoint_group_id"])


async def list_endpoints_in_group(call: Call[None]) -> dict[str, Any]:
    """The endpoints that an endpoint group's filters choose."""
    group = await operations.get_group(call.tx, call.path["endpoint_group_id"])
    found = await list_endpoints_of_group(call.tx, group)
    return page(call, "endpoints", [render_endpoint(call, row) for row in found])


def _target(call: Call[Any]) -> tuple[str, str]:
    """Kind and id of what a path narrows catalogs to."""
    if "endpoint_id" in call.path:
        return operations.ENDPOINT, call.path["endpoint_id"]
    return operations.GROUP, call.path["endpoint_group_id"]


async def list_filtered_projects(call: Call[None]) -> dict[str, Any]:
    """The projects whose catalogs are narrowed to an endpoint or an endpoint group."""
    found = await operations.list_projects(call.tx, *_target(call))
    return page(call, "projects", [render_project(call, project) for project in found])


async def add_endpoint_to_project(call: Call[None]) -> None:
    """Narrow a project's catalog to an endpoint or an endpoint group, besides others."""
    await operations.add_filter(call.tx, call.path["project_id"], *_target(call))


async def check_endpoint_in_project(call: Call[None]) -> Reply:
    """Whether a project's catalog is narrowed to an endpoint: 204 or 404."""
    await operations.check_filter(call.tx, call.path["project_id"], *_target(call))
    return Reply(None, 204)


async def show_endpoint_group_project(call: Call[None]) -> dict[str, Any]:
    """The project whose catalog is narrowed to an endpoint group."""
    id = call.path["project_id"]
    await operations.check_filter(call.tx, id, *_target(call))
    return {"project": render_project(call, await projects.get_project(call.tx, id))}


async def remove_endpoint_from_project(call: Call[None]) -> None:
    """Narrow a project's catalog to an endpoint or an endpoint group no more."""
    await operations.remove_filter(call.tx, call.path["project_id"], *_target(call))


async def list_project_endpoints(call: Call[None]) -> dict[str, Any]:
    """The endpoints that a project's catalog is narrowed to, through groups too."""
    found = await operations.list_endpoints_of_project(call.tx, call.path["project_id"])
    return page(call, "endpoints", [render_endpoint(call, row) for row in found])


async def list_project_endpoint_groups(call: Call[None]) -> dict[str, Any]:
    """The endpoint groups that a project's catalog is narrowed to."""
    found = await operations.list_groups_of_project(call.tx, call.path["project_id"])
    return page(call, "endpoint_groups", [_render(call, row) for row in found])
