"""Rows of the catalog together, endpoint filters, and what policies belong to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, select

from pilvi.core.db import Prepared, Transaction
from pilvi.identity.store.catalog_tables import (
    endpoint_filters,
    endpoints,
    policy_links,
    services,
)
from pilvi.identity.store.rows import delete_rows, insert_row, list_rows

_CATALOG = Prepared(
    select(
        services.c.id.label("service_id"),
        services.c.type,
        services.c.name,
        endpoints.c.id,
        endpoints.c.interface,
        endpoints.c.region_id,
        endpoints.c.url,
    )
    .select_from(services)
    .outerjoin(
        endpoints, and_(endpoints.c.service_id == services.c.id, endpoints.c.enabled.is_(True))
    )
    .where(services.c.enabled.is_(True))
    .order_by(services.c.type, services.c.id, endpoints.c.interface.desc(), endpoints.c.id)
)


async def list_catalog(tx: Transaction) -> Sequence[Row[Any]]:
    """Every enabled service with each of its enabled endpoints (or None)."""
    return await tx.all(_CATALOG)


async def list_filters(tx: Transaction, project_id: str) -> Sequence[Row[Any]]:
    """What a project's catalog is narrowed to."""
    return await list_rows(tx, endpoint_filters, project_id=project_id)


async def list_filters_of(tx: Transaction, kind: str, target_id: str) -> Sequence[Row[Any]]:
    """The projects whose catalogs are narrowed to an endpoint or an endpoint group."""
    return await list_rows(tx, endpoint_filters, kind=kind, target_id=target_id)


async def insert_filter(tx: Transaction, project_id: str, kind: str, target_id: str) -> None:
    """Narrow a project's catalog to an endpoint or an endpoint group. Repeatable."""
    values = {"project_id": project_id, "kind": kind, "target_id": target_id}
    if not await list_rows(tx, endpoint_filters, **values):
        await insert_row(tx, endpoint_filters, **values)


async def delete_filters(tx: Transaction, **equal: Any) -> int:
    """Remove the filters whose columns have the given values; returns how many went."""
    return await delete_rows(tx, endpoint_filters, **equal)


async def list_policy_links(tx: Transaction, **equal: Any) -> Sequence[Row[Any]]:
    """What policies belong to, by the given values."""
    return await list_rows(tx, policy_links, **equal)


async def replace_policy_link(
    tx: Transaction, policy_id: str, endpoint_id: str, service_id: str, region_id: str
) -> None:
    """Let an endpoint, a service, or a service in a region have this policy and no other."""
    place = {"endpoint_id": endpoint_id, "service_id": service_id, "region_id": region_id}
    await delete_rows(tx, policy_links, **place)
    await insert_row(tx, policy_links, policy_id=policy_id, **place)


async def delete_policy_links(tx: Transaction, **equal: Any) -> int:
    """Remove what policies belong to, by the given values; returns how many went."""
    return await delete_rows(tx, policy_links, **equal)
