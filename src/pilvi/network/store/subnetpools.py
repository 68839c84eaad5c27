"""Rows of subnet pools and address scopes."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, true, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.network.model.sharing import ObjectType
from pilvi.network.model.subnetpool import (
    AddressScope,
    AddressScopeId,
    SubnetPool,
    SubnetPoolId,
)
from pilvi.network.store.listing import Filters, Listing, common_filters, read_list
from pilvi.network.store.sharing import is_shared_filter, shared_with
from pilvi.network.store.tables import address_scopes, subnetpools, subnets

_p = subnetpools.c
_s = address_scopes.c

POOL_FILTERS: Filters = {
    **common_filters(subnetpools),
    "ip_version": _p.ip_version,
    "is_default": _p.is_default,
    "address_scope_id": _p.address_scope_id,
    "default_prefixlen": _p.default_prefixlen,
    "min_prefixlen": _p.min_prefixlen,
    "max_prefixlen": _p.max_prefixlen,
    "default_quota": _p.default_quota,
    "shared": is_shared_filter(_p.id),
}
SCOPE_FILTERS: Filters = {
    **common_filters(address_scopes),
    "ip_version": _s.ip_version,
    "shared": is_shared_filter(_s.id),
}


def _pool(row: Row[Any]) -> SubnetPool:
    return SubnetPool(
        id=SubnetPoolId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        ip_version=row.ip_version,
        prefixes=row.prefixes,
        default_prefixlen=row.default_prefixlen,
        min_prefixlen=row.min_prefixlen,
        max_prefixlen=row.max_prefixlen,
        default_quota=row.default_quota,
        is_default=row.is_default,
        address_scope_id=row.address_scope_id,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _scope(row: Row[Any]) -> AddressScope:
    return AddressScope(
        id=AddressScopeId(row.id),
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        ip_version=row.ip_version,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _pool_visible(project_id: str | None) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    shared = shared_with(ObjectType.SUBNETPOOL, project_id)
    return or_(_p.project_id == project_id, _p.id.in_(shared))


def _scope_visible(project_id: str | None) -> ColumnElement[bool]:
    if project_id is None:
        return true()
    shared = shared_with(ObjectType.ADDRESS_SCOPE, project_id)
    return or_(_s.project_id == project_id, _s.id.in_(shared))


async def insert_subnetpool(tx: Transaction, **values: Any) -> None:
    """Add a pool."""
    await tx.run(insert(subnetpools).values(**values))


async def get_subnetpool(tx: Transaction, id: str, project_id: str | None) -> SubnetPool:
    """A pool that a project may see. Raises `NotFound`."""
    row = await tx.first(select(subnetpools).where(_p.id == id, _pool_visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the subnet pool '{id}'")
    return _pool(row)


async def find_default_pool(
    tx: Transaction, version: int, project_id: str | None
) -> SubnetPool | None:
    """The default pool of a version that a project may see, or None."""
    mine = _p.is_default.is_(True) & (_p.ip_version == version)
    row = await tx.first(select(subnetpools).where(mine, _pool_visible(project_id)))
    return None if row is None else _pool(row)


async def list_subnetpools(tx: Transaction, listing: Listing) -> tuple[list[SubnetPool], bool]:
    """One page of the pools that a project may see, and whether more follow."""
    query = select(subnetpools).where(_pool_visible(listing.project_id))
    rows, more = await read_list(tx, query, subnetpools, listing, POOL_FILTERS)
    return [_pool(row) for row in rows], more


async def list_pools_of_scope(tx: Transaction, scope_id: str) -> list[SubnetPool]:
    """The pools of an address scope."""
    query = select(subnetpools).where(_p.address_scope_id == scope_id).order_by(_p.created_at)
    return [_pool(row) for row in await tx.all(query)]


async def list_ranges(tx: Transaction, pool_id: str) -> list[tuple[str, str]]:
    """Project and range of every subnet that was cut from a pool."""
    query = select(subnets.c.project_id, subnets.c.cidr)
    rows = await tx.all(query.where(subnets.c.subnetpool_id == pool_id))
    return [(row.project_id, row.cidr) for row in rows]


async def list_scopes_of_pools(tx: Transaction, ids: Collection[str]) -> dict[str, str]:
    """The address scope of each of some pools that has one."""
    if not ids:
        return {}
    query = select(_p.id, _p.address_scope_id).where(_p.id.in_(ids))
    rows = await tx.all(query.where(_p.address_scope_id.is_not(None)))
    return {row.id: row.address_scope_id for row in rows}


async def update_subnetpool(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a pool."""
    await tx.run(update(subnetpools).where(_p.id == id).values(**values))


async def delete_subnetpool(tx: Transaction, id: str) -> None:
    """Forget a pool. Repeatable."""
    await tx.run(delete(subnetpools).where(_p.id == id))


async def insert_address_scope(tx: Transaction, **values: Any) -> None:
    """Add a scope."""
    await tx.run(insert(address_scopes).values(**values))


async def get_address_scope(tx: Transaction, id: str, project_id: str | None) -> AddressScope:
    """A scope that a project may see. Raises `NotFound`."""
    row = await tx.first(select(address_scopes).where(_s.id == id, _scope_visible(project_id)))
    if row is None:
        raise NotFound(f"cannot find the address scope '{id}'")
    return _scope(row)


async def list_address_scopes(tx: Transaction, listing: Listing) -> tuple[list[AddressScope], bool]:
    """One page of the scopes that a project may see, and whether more follow."""
    query = select(address_scopes).where(_scope_visible(listing.project_id))
    rows, more = await read_list(tx, query, address_scopes, listing, SCOPE_FILTERS)
    return [_scope(row) for row in rows], more


async def update_address_scope(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a scope."""
    await tx.run(update(address_scopes).where(_s.id == id).values(**values))


async def delete_address_scope(tx: Transaction, id: str) -> None:
    """Forget a scope. Repeatable."""
    await tx.run(delete(address_scopes).where(_s.id == id))
