"""Services, endpoints and regions."""

from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Row

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.identity.api.wire import (
    UNSET,
    Free,
    Id,
    Name,
    Text,
    Unset,
    link,
    merge_extra,
    page,
    read_fields,
    read_wanted,
    require,
    set_fields,
    show,
)
from pilvi.identity.operations import catalog as operations
from pilvi.identity.store.rows import Wanted

# One that begins with a slash is below this cloud's own address.
Url = Annotated[str, msgspec.Meta(max_length=225, pattern=r"^([a-zA-Z0-9+.-]+:.+|/.*)$")]
RegionId = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class ServiceFields(msgspec.Struct):
    """What a service is made of."""

    type: Name | Unset = UNSET
    name: Annotated[str, msgspec.Meta(max_length=255)] | None | Unset = UNSET
    description: Text | None | Unset = UNSET
    enabled: bool | Unset = UNSET


class ServiceBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/services."""

    service: Free


def render_service(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    """A service as the API shows it."""
    shown = show(row, "id", "type", "name", "enabled")
    if row.description is not None:
        shown["description"] = row.description
    return {**shown, "links": link(call, f"services/{row.id}")}


async def list_services(call: Call[None]) -> dict[str, Any]:
    """The services of the catalog."""
    wanted = read_wanted(call, "type", "name", paged=True)
    found, more = await operations.list_services(call.tx, wanted)
    return page(call, "services", [render_service(call, row) for row in found], more)


async def show_service(call: Call[None]) -> dict[str, Any]:
    """One service."""
    row = await operations.get_service(call.tx, call.path["service_id"])
    return {"service": render_service(call, row)}


async def create_service(call: Call[ServiceBody]) -> dict[str, Any]:
    """A new service."""
    fields, extra = read_fields(call.payload.service, ServiceFields)
    require(fields.type, "service", "type")
    given = {"name": "", **set_fields(fields)}
    given["name"] = given["name"] or ""
    row = await operations.create_service(call.tx, extra=extra, **given)
    return {"service": render_service(call, row)}


async def update_service(call: Call[ServiceBody]) -> dict[str, Any]:
    """Change a service."""
    fields, extra = read_fields(call.payload.service, ServiceFields)
    values, id = set_fields(fields), call.path["service_id"]
    if values.get("name", "") is None:
        values["name"] = ""
    if extra:
        kept = await operations.get_service(call.tx, id)
        values["extra"] = merge_extra(kept.extra, extra)
    row = await operations.update_service(call.tx, id, **values)
    return {"service": render_service(call, row)}


async def delete_service(call: Call[None]) -> None:
    """Remove a service and its endpoints."""
    await operations.delete_service(call.tx, call.path["service_id"])


class RegionFields(msgspec.Struct):
    """What a region is made of."""

    id: RegionId | None | Unset = UNSET
    description: Text | None | Unset = UNSET
    parent_region_id: RegionId | None | Unset = UNSET


class RegionBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST, PUT and PATCH /v3/regions."""

    region: Free


def _render_region(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    shown = show(row, "id", "description", "parent_region_id")
    return {**shown, "links": link(call, f"regions/{row.id}")}


async def list_regions(call: Call[None]) -> dict[str, Any]:
    """The regions."""
    found, more = await operations.list_regions(call.tx, read_wanted(call, "parent_region_id"))
    return page(call, "regions", [_render_region(call, row) for row in found], more)


async def show_region(call: Call[None]) -> dict[str, Any]:
    """One region."""
    row = await operations.get_region(call.tx, call.path["region_id"])
    return {"region": _render_region(call, row)}


def _read_region(call: Call[RegionBody]) -> tuple[RegionFields, Free]:
    fields, extra = read_fields({**call.payload.region}, RegionFields)
    values = set_fields(fields, "description", "parent_region_id")
    values["description"] = values.get("description") or ""
    if extra:
        values["extra"] = extra
    return fields, values


async def create_region(call: Call[RegionBody]) -> dict[str, Any]:
    """A new region, of the caller's id if it names one."""
    fields, values = _read_region(call)
    row = await operations.create_region(call.tx, fields.id or None, **values)
    return {"region": _render_region(call, row)}


async def put_region(call: Call[RegionBody]) -> dict[str, Any]:
    """A new region of the path's id."""
    fields, values = _read_region(call)
    id = call.path["region_id"]
    if fields.id not in (UNSET, None, id):
        raise InvalidRequest("cannot make a region whose id is not the path's")
    if len(id) > 255:
        raise InvalidRequest("cannot make a region whose id has more than 255 characters")
    return {"region": _render_region(call, await operations.create_region(call.tx, id, **values))}


async def update_region(call: Call[RegionBody]) -> dict[str, Any]:
    """Change a region."""
    id = call.path["region_id"]
    kept = await operations.get_region(call.tx, id)
    fields, extra = read_fields(call.payload.region, RegionFields)
    if fields.id not in (UNSET, id):
        raise InvalidRequest("cannot change the id of a region")
    values = set_fields(fields, "description", "parent_region_id")
    if values.get("description", "") is None:
        values["description"] = ""
    if extra:
        values["extra"] = merge_extra(kept.extra, extra)
    row = await operations.update_region(call.tx, id, **values)
    return {"region": _render_region(call, row)}


async def delete_region(call: Call[None]) -> None:
    """Remove a region that nothing is in."""
    await operations.delete_region(call.tx, call.path["region_id"])


class EndpointFields(msgspec.Struct):
    """What an endpoint is made of; `region` is the older name of `region_id`."""

    service_id: Id | Unset = UNSET
    interface: Literal["public", "internal", "admin"] | Unset = UNSET
    url: Url | Unset = UNSET
    region: RegionId | None | Unset = UNSET
    region_id: RegionId | None | Unset = UNSET
    enabled: bool | Unset = UNSET


class EndpointBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PATCH /v3/endpoints."""

    endpoint: Free


def render_endpoint(call: Call[Any], row: Row[Any]) -> dict[str, Any]:
    """An endpoint as the API shows it; one below this cloud's address has it in front."""
    shown = show(row, "id", "service_id", "interface", "region_id", "enabled")
    url = call.base_url + row.url if row.url.startswith("/") else row.url
    links = link(call, f"endpoints/{row.id}")
    return {**shown, "region": row.region_id, "url": url, "links": links}


async def list_endpoints(call: Call[None]) -> dict[str, Any]:
    """The endpoints of the catalog."""
    wanted = read_wanted(call, "service_id", "interface", "region_id")
    if "region" in call.query:
        wanted = Wanted({**wanted.equal, "region_id": call.query["region"]}, wanted.like)
    found, more = await operations.list_endpoints(call.tx, Wanted(wanted.equal, wanted.like))
    return page(call, "endpoints", [render_endpoint(call, row) for row in found], more)


async def show_endpoint(call: Call[None]) -> dict[str, Any]:
    """One endpoint."""
    row = await operations.get_endpoint(call.tx, call.path["endpoint_id"])
    return {"endpoint": render_endpoint(call, row)}


def _read_endpoint(call: Call[EndpointBody]) -> tuple[Free, Free]:
    fields, extra = read_fields(call.payload.endpoint, EndpointFields)
    values = set_fields(fields)
    if "region" in values:
        values.setdefault("region_id", values["region"])
        del values["region"]
    return values, extra


async def create_endpoint(call: Call[EndpointBody]) -> dict[str, Any]:
    """A new endpoint."""
    values, extra = _read_endpoint(call)
    for name in ("service_id", "interface", "url"):
        require(values.get(name), "endpoint", name)
    row = await operations.create_endpoint(call.tx, extra=extra, **values)
    return {"endpoint": render_endpoint(call, row)}


async def update_endpoint(call: Call[EndpointBody]) -> dict[str, Any]:
    """Change an endpoint."""
    values, extra = _read_endpoint(call)
    id = call.path["endpoint_id"]
    if extra:
        kept = await operations.get_endpoint(call.tx, id)
        values["extra"] = merge_extra(kept.extra, extra)
    row = await operations.update_endpoint(call.tx, id, **values)
    return {"endpoint": render_endpoint(call, row)}


async def delete_endpoint(call: Call[None]) -> None:
    """Remove an endpoint."""
    await operations.delete_endpoint(call.tx, call.path["endpoint_id"])
