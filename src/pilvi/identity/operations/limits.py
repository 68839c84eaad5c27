"""Registered limits and the limits that differ from them. In the caller's transaction."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, Forbidden, InvalidRequest
from pilvi.identity.store import projects, rows
from pilvi.identity.store.catalog_tables import limits, regions, registered_limits, services
from pilvi.identity.store.rows import Wanted

_PLACE = ("service_id", "region_id", "resource_name")


Page = tuple[Sequence[Row[Any]], bool]
"""Rows, and whether more follow."""


async def list_registered_limits(tx: Transaction, wanted: Wanted) -> Page:
    """One page of the registered limits."""
    return await rows.list_page(tx, registered_limits, wanted)


async def get_registered_limit(tx: Transaction, id: str) -> Row[Any]:
    """One registered limit. Raises `NotFound`."""
    return await rows.get_row(tx, registered_limits, id, "registered limit")


async def list_limits(tx: Transaction, wanted: Wanted) -> Page:
    """One page of the limits of projects and domains."""
    return await rows.list_page(tx, limits, wanted)


async def get_limit(tx: Transaction, id: str) -> Row[Any]:
    """One limit. Raises `NotFound`."""
    return await rows.get_row(tx, limits, id, "limit")


async def _check_place(tx: Transaction, values: Mapping[str, Any]) -> None:
    for table, name in ((services, "service_id"), (regions, "region_id")):
        id = values.get(name)
        if id is not None and not await rows.list_rows(tx, table, id=id):
            raise InvalidRequest(f"cannot limit anything for the {name} '{id}': there is none")


async def _find_same(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """The registered limit of the same service, region and resource, or None."""
    same = {name: values[name] for name in _PLACE}
    found = await rows.list_rows(tx, registered_limits, **same)
    return found[0] if found else None


async def create_registered_limit(tx: Transaction, **values: Any) -> Row[Any]:
    """A new registered limit. Raises `Conflict` when there is one of the same resource."""
    await _check_place(tx, values)
    if await _find_same(tx, values):
        raise Conflict(f"cannot register '{values['resource_name']}': it is registered")
    id = uuid.uuid4().hex
    await rows.insert_row(tx, registered_limits, id=id, **values)
    return await get_registered_limit(tx, id)


async def _is_used(tx: Transaction, registered: Row[Any]) -> bool:
    same = {name: getattr(registered, name) for name in _PLACE}
    return bool(await rows.list_rows(tx, limits, **same))


async def update_registered_limit(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a registered limit; what limits refer to it by, only while none does."""
    kept = await get_registered_limit(tx, id)
    await _check_place(tx, values)
    place = {name: values.get(name, getattr(kept, name)) for name in _PLACE}
    if any(place[name] != getattr(kept, name) for name in _PLACE):
        if await _is_used(tx, kept):
            raise Forbidden("cannot change what limits refer to; delete those limits first")
        if await _find_same(tx, place):
            raise Conflict(f"cannot register '{place['resource_name']}': it is registered")
    await rows.update_row(tx, registered_limits, id, **values)
    return await get_registered_limit(tx, id)


async def delete_registered_limit(tx: Transaction, id: str) -> None:
    """Remove a registered limit that no limit refers to."""
    kept = await get_registered_limit(tx, id)
    if await _is_used(tx, kept):
        raise Forbidden("cannot delete what limits refer to; delete those limits first")
    await rows.delete_rows(tx, registered_limits, id=id)


async def create_limit(tx: Transaction, **values: Any) -> Row[Any]:
    """A limit of a project or a domain for something that is registered."""
    project_id, domain_id = values.get("project_id"), values.get("domain_id")
    if (project_id is None) == (domain_id is None):
        raise InvalidRequest("cannot make a limit but for one project or one domain")
    if project_id is not None:
        await projects.get_project(tx, project_id)
    if domain_id is not None:
        await projects.get_domain(tx, domain_id)
    await _check_place(tx, values)
    if await _find_same(tx, values) is None:
        raise Forbidden(f"cannot limit '{values['resource_name']}': it is not registered so")
    names = ("project_id", "domain_id", *_PLACE)
    if await rows.list_rows(tx, limits, **{name: values[name] for name in names}):
        raise Conflict(f"cannot limit '{values['resource_name']}' twice for the same owner")
    id = uuid.uuid4().hex
    await rows.insert_row(tx, limits, id=id, **values)
    return await rows.get_row(tx, limits, id, "limit")


async def update_limit(tx: Transaction, id: str, **values: Any) -> Row[Any]:
    """Change a limit."""
    await get_limit(tx, id)
    await rows.update_row(tx, limits, id, **values)
    return await get_limit(tx, id)


async def delete_limit(tx: Transaction, id: str) -> None:
    """Remove a limit."""
    await get_limit(tx, id)
    await rows.delete_rows(tx, limits, id=id)
