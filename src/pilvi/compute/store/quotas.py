"""Rows of quota limits that differ from the defaults, and what projects use."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, insert, select

from pilvi.compute.store.tables import quota_classes, quotas, servers, user_quotas
from pilvi.core.db import Prepared, Transaction

DEFAULT_CLASS = "default"
"""The class whose limits hold where a project has none of its own."""

_LIMITS = Prepared(
    select(quotas.c.resource, quotas.c.limit).where(quotas.c.project_id == bindparam("owner_id"))
)
_CLASS_LIMITS = Prepared(
    select(quota_classes.c.resource, quota_classes.c.limit).where(
        quota_classes.c.name == bindparam("class_name")
    )
)
_USER_LIMITS = Prepared(
    select(user_quotas.c.resource, user_quotas.c.limit).where(
        user_quotas.c.project_id == bindparam("owner_id"),
        user_quotas.c.user_id == bindparam("of_user"),
    )
)
_SUMS: list[ColumnElement[Any]] = [
    func.count(),
    func.sum(servers.c.vcpus),
    func.sum(servers.c.memory_mib),
]
_SUM = select(*_SUMS).where(
    servers.c.project_id == bindparam("owner_id"), servers.c.deleted_at.is_(None)
)
_USAGE = Prepared(_SUM)
_USER_USAGE = Prepared(_SUM.where(servers.c.user_id == bindparam("of_user")))


async def list_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """The limits that were set for a project."""
    return await _read(tx, _LIMITS, owner_id=project_id)


async def list_class_limits(tx: Transaction, name: str = DEFAULT_CLASS) -> dict[str, int]:
    """The limits that were set for a class."""
    return await _read(tx, _CLASS_LIMITS, class_name=name)


async def list_user_limits(tx: Transaction, project_id: str, user_id: str) -> dict[str, int]:
    """The limits that were set for a user in a project."""
    return await _read(tx, _USER_LIMITS, owner_id=project_id, of_user=user_id)


async def _read(tx: Transaction, query: Prepared, **parameters: str) -> dict[str, int]:
    return {row.resource: row.limit for row in await tx.all(query, parameters)}


async def set_limit(tx: Transaction, project_id: str, resource: str, limit: int) -> None:
    """Set one limit. Repeatable."""
    await _set(tx, quotas, {"project_id": project_id, "resource": resource}, limit)


async def set_class_limit(tx: Transaction, name: str, resource: str, limit: int) -> None:
    """Set one limit of a class. Repeatable."""
    await _set(tx, quota_classes, {"name": name, "resource": resource}, limit)


async def set_user_limit(
    tx: Transaction, project_id: str, user_id: str, resource: str, limit: int
) -> None:
    """Set one limit of a user in a project. Repeatable."""
    key = {"project_id": project_id, "user_id": user_id, "resource": resource}
    await _set(tx, user_quotas, key, limit)


async def _set(tx: Transaction, table: Table, key: dict[str, str], limit: int) -> None:
    this = [table.c[name] == value for name, value in key.items()]
    await tx.run(delete(table).where(*this))
    await tx.run(insert(table).values(**key, limit=limit))


async def delete_limits(tx: Transaction, project_id: str) -> None:
    """Go back to the defaults, for its users too. Repeatable."""
    await tx.run(delete(quotas).where(quotas.c.project_id == project_id))
    await tx.run(delete(user_quotas).where(user_quotas.c.project_id == project_id))


async def delete_user_limits(tx: Transaction, project_id: str, user_id: str) -> None:
    """Go back to the project's limits for one user. Repeatable."""
    mine = (user_quotas.c.project_id == project_id) & (user_quotas.c.user_id == user_id)
    await tx.run(delete(user_quotas).where(mine))


async def list_greatest_user_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """The greatest limit of any user of a project, by resource."""
    greatest = func.max(user_quotas.c.limit).label("limit")
    query = select(user_quotas.c.resource, greatest).group_by(user_quotas.c.resource)
    rows: Sequence[Any] = await tx.all(query.where(user_quotas.c.project_id == project_id))
    return {row.resource: row.limit for row in rows}


async def sum_usage(tx: Transaction, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """What the servers of a project, or of one of its users, use.

    A server counts until everything of it is gone.
    """
    if user_id is None:
        row = await tx.first(_USAGE, {"owner_id": project_id})
    else:
        row = await tx.first(_USER_USAGE, {"owner_id": project_id, "of_user": user_id})
    assert row is not None
    count, vcpus, memory_mib = tuple(row)
    return {"instances": count, "cores": int(vcpus or 0), "ram": int(memory_mib or 0)}
