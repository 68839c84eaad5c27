"""Services, endpoints and regions, and the catalog of a token. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, Forbidden, InvalidRequest
from pilvi.identity.model.catalog import INTERFACES, SERVICES, check_url, fill_url
from pilvi.identity.store import catalog as store
from pilvi.identity.store import rows
from pilvi.identity.store.catalog_tables import endpoint_groups, endpoints, regions, services
from pilvi.identity.store.rows import Wanted


async def ensure_catalog(tx: Transaction, region: str) -> None:
    """This cloud's own services, where there are none yet. Repeatable."""
    if await rows.list_rows(tx, services) or await rows.list_rows(tx, regions):
        return
    await rows.insert_row(tx, regions, id=region)
    for service in SERVICES:
        named = {"id": service.id, "type": service.type, "name": service.name, "description": ""}
        await rows.insert_row(tx, services, **named)
        for interface in INTERFACES:
            endpoint = {"id": service.endpoint_id(interface), "service_id": service.id}
            place = {"interface": interface, "region_id": region, "url": service.path}
            await rows.insert_row(tx, endpoints, **endpoint, **place)


async def build_catalog(
    tx: Transaction, base_url: str, *, user_id: str, project_id: str | None
) -> list[dict[str, Any]]:
    """The catalog as a token's body holds it."""
    places = {"project_id": project_id, "tenant_id": project_id, "user_id": user_id}
    chosen = await _find_chosen(tx, project_id) if project_id else None
    found: dict[str, dict[str, Any]] = {}
    for row in await store.list_catalog(tx):
        entry = {"id": row.service_id, "type": row.type, "name": row.name, "endpoints": []}
        endpoint_list = found.setdefault(row.service_id, entry)["endpoints"]
        url = None if row.id is None else fill_url(row.url, base_url, places)
        if url is None or (chosen is not None and row.id not in chosen):
            continue
        shown = {"id": row.id, "interface": row.interface, "url": url}
        endpoint_list.append({**shown, "region": row.region_id, "region_id": row.region_id})
    return list(found.values())


async def _find_chosen(tx: Transaction, project_id: str) -> set[str] | None:
    """The endpoints that a project's catalog is narrowed to, or None when it is not."""
    filters = await store.list_filters(tx, project_id)
    if not filters:
        return None
    chosen = {row.target_id for row in filters if row.kind == "endpoint"}
    for row in filters:
        if row.kind == "group":
            group = await rows.get_row(tx, endpoint_groups, row.target_id, "endpoint group")
            chosen |= {one.id for one in await list_endpoints_of_group(tx, group)}
    return chosen


async def list_endpoints_of_group(tx: Transaction, group: Row[Any]) -> list[Row[Any]]:
    """The endpoints that an endpoint group's filters choose."""
    return list(await rows.list_rows(tx, endpoints, **group.filters))


Page = tuple[Sequence[Row[Any]], bool]
"""Rows, and whether more follow."""


async def list_services(tx: Transaction, wanted: Wanted) -> Page:
    """One page of the services."""
    return await rows.list_page(tx, services, wanted)


async def list_regions(tx: Transaction, wanted: Wanted) -> Page:
    """One page of the regions."""
    return await rows.list_page(tx, regions, wanted)


async def list_endpoints(tx: Transaction, wanted: Wanted) -> Page:
    """One page of the endpoints."""
    return await rows.list_page(tx, endpoints, wanted)


async def get_service(tx: Transaction, id: str) -> Row[Any]:
    """One service. Raises `NotFound`."""
    return await rows.get_row(tx, services, id, "service")


async def get_region(tx: Transaction, id: str) -> Row[Any]:
    """One region. Raises `NotFound`."""
    return await rows.get_row(tx, regions, id, "region")


async def get_endpoint(tx: Transaction, id: str) -> Row[Any]:
    """One endpoint. Raises `NotFound`."""
    return await rows.get_row(tx, endpoints, id, "endpoint")


async def create_region(tx: Transaction, id: str | None, **values: Any) -> Row[Any]:
    """A new region. Raises `Conflict` when the id is taken."""
    chosen = id or uuid.uuid4().hex
    if await rows.list_rows(tx, regions, id=chosen):
        raise Conflict(f"cannot make the region '{chosen}': the id is taken")
    await _check_parent_region(tx, chosen, values.get("parent_region_id"))
    await rows.insert_row(tx, regions, id=chosen, **values)
    return await get_region(tx, chosen)


async def update_region(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a region."""
    await get_region(tx, id)
    await _check_parent_region(tx, id, values.get("parent_region_id"))
    await rows.update_row(tx, regions, id, **values)
    return await get_region(tx, id)


async def _check_parent_region(tx: Transaction, id: str, parent_id: str | None) -> None:
    """Raise for a parent that is not there, or that is below the region itself."""
    above = parent_id
    while above:
        if above == id:
            raise InvalidRequest(f"cannot put the region '{id}' below itself")
        above = (await get_region(tx, above)).parent_region_id


async def delete_region(tx: Transaction, id: str) -> None:
    """Remove a region that nothing is in."""
    await get_region(tx, id)
    if await rows.list_rows(tx, regions, parent_region_id=id):
        raise Forbidden(f"cannot delete the region '{id}': regions are below it")
    if await rows.list_rows(tx, endpoints, region_id=id):
        raise Forbidden(f"cannot delete the region '{id}': endpoints are in it")
    await rows.delete_rows(tx, regions, id=id)


async def create_service(tx: Transaction, **values: Any) -> Row[Any]:
    """A new service."""
    id = uuid.uuid4().hex
    await rows.insert_row(tx, services, id=id, **values)
    return await get_service(tx, id)


async def update_service(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a service."""
    await get_service(tx, id)
    await rows.update_row(tx, services, id, **values)
    return await get_service(tx, id)


async def delete_service(tx: Transaction, id: str) -> None:
    """Remove a service and its endpoints."""
    await get_service(tx, id)
    for endpoint in await rows.list_rows(tx, endpoints, service_id=id):
        await delete_endpoint(tx, endpoint.id)
    await store.delete_policy_links(tx, service_id=id)
    await rows.delete_rows(tx, services, id=id)


async def create_endpoint(tx: Transaction, **values: Any) -> Row[Any]:
    """A new endpoint; its region is made where there is none of that name."""
    await _check_endpoint(tx, values)
    id = uuid.uuid4().hex
    await rows.insert_row(tx, endpoints, id=id, **values)
    return await get_endpoint(tx, id)


async def update_endpoint(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change an endpoint."""
    await get_endpoint(tx, id)
    await _check_endpoint(tx, values)
    await rows.update_row(tx, endpoints, id, **values)
    return await get_endpoint(tx, id)


async def _check_endpoint(tx: Transaction, values: Mapping[str, Any]) -> None:
    if "url" in values:
        check_url(values["url"])
    if "service_id" in values and not await rows.list_rows(tx, services, id=values["service_id"]):
        raise InvalidRequest(f"cannot find the service '{values['service_id']}' of the endpoint")
    region = values.get("region_id")
    if region is not None and not await rows.list_rows(tx, regions, id=region):
        await rows.insert_row(tx, regions, id=region)


async def delete_endpoint(tx: Transaction, id: str) -> None:
    """Remove an endpoint and what narrows catalogs to it."""
    await get_endpoint(tx, id)
    await store.delete_filters(tx, kind="endpoint", target_id=id)
    await store.delete_policy_links(tx, endpoint_id=id)
    await rows.delete_rows(tx, endpoints, id=id)
