"""Rows of quotas, and what is used of them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, Table, bindparam, delete, func, insert, select

from pilvi.core.db import Prepared, Transaction
from pilvi.network.store import tables
from pilvi.network.store.tables import quotas

_COUNTED: dict[str, Table] = {
    "network": tables.networks,
    "subnet": tables.subnets,
    "port": tables.ports,
    "router": tables.routers,
    "floatingip": tables.floating_ips,
    "security_group": tables.security_groups,
    "security_group_rule": tables.security_group_rules,
    "subnetpool": tables.subnetpools,
    "address_scope": tables.address_scopes,
    "address_group": tables.address_groups,
    "rbac_policy": tables.rbac_policies,
}


def _count(resource: str, project_id: str | BindParameter[str]) -> Select[Any]:
    table = _COUNTED[resource]
    query = select(func.count()).select_from(table).where(table.c.project_id == project_id)
    if "is_deleting" in table.c:
        query = query.where(table.c.is_deleting.is_(False))
    return query


async def read_usage(tx: Transaction, project_id: str, resource: str) -> tuple[int, int | None]:
    """How many a project has, and its own limit where it has one: one query."""
    row = await tx.first(_usage_query(resource), {"of_project": project_id})
    assert row is not None
    return row.used, row.quota


@cache
def _usage_query(resource: str) -> Prepared:
    mine: BindParameter[str] = bindparam("of_project")
    limit = select(quotas.c.quota).where(quotas.c.project_id == mine, quotas.c.resource == resource)
    used = _count(resource, mine).scalar_subquery()
    return Prepared(select(used.label("used"), limit.scalar_subquery().label("quota")))


async def count_all(tx: Transaction, project_id: str) -> dict[str, int]:
    """How many of each resource a project has."""
    columns = [_count(name, project_id).scalar_subquery().label(name) for name in _COUNTED]
    row = await tx.first(select(*columns))
    assert row is not None
    return dict(row._mapping)


async def list_limits(tx: Transaction, project_id: str | None = None) -> dict[str, dict[str, int]]:
    """The limits that projects have of their own, by project."""
    query = select(quotas)
    if project_id is not None:
        query = query.where(quotas.c.project_id == project_id)
    found: dict[str, dict[str, int]] = {}
    for row in await tx.all(query):
        found.setdefault(row.project_id, {})[row.resource] = row.quota
    return found


async def set_limits(tx: Transaction, project_id: str, limits: Mapping[str, int]) -> None:
    """Give a project limits of its own. Repeatable."""
    mine = quotas.c.project_id == project_id
    await tx.run(delete(quotas).where(mine, quotas.c.resource.in_(list(limits))))
    rows = [{"project_id": project_id, "resource": r, "quota": n} for r, n in limits.items()]
    if rows:
        await tx.run(insert(quotas), rows)


async def delete_limits(tx: Transaction, project_id: str) -> None:
    """Give a project the default limits again. Repeatable."""
    await tx.run(delete(quotas).where(quotas.c.project_id == project_id))
