"""Rows of quota limits that differ from the defaults, and what projects use."""

from sqlalchemy import bindparam, delete, func, insert, select

from pilvi.compute.store.tables import quotas, servers
from pilvi.core.db import Transaction

_LIMITS = select(quotas.c.resource, quotas.c.limit).where(
    quotas.c.project_id == bindparam("owner_id")
)
_USAGE = select(func.count(), func.sum(servers.c.vcpus), func.sum(servers.c.memory_mib)).where(
    servers.c.project_id == bindparam("owner_id"), servers.c.deleted_at.is_(None)
)


async def list_limits(tx: Transaction, project_id: str) -> dict[str, int]:
    """The limits that were set for a project."""
    rows = await tx.all(_LIMITS, {"owner_id": project_id})
    return {row.resource: row.limit for row in rows}


async def set_limit(tx: Transaction, project_id: str, resource: str, limit: int) -> None:
    """Set one limit. Repeatable."""
    mine = (quotas.c.project_id == project_id) & (quotas.c.resource == resource)
    await tx.run(delete(quotas).where(mine))
    await tx.run(insert(quotas).values(project_id=project_id, resource=resource, limit=limit))


async def delete_limits(tx: Transaction, project_id: str) -> None:
    """Go back to the defaults. Repeatable."""
    await tx.run(delete(quotas).where(quotas.c.project_id == project_id))


async def sum_usage(tx: Transaction, project_id: str) -> dict[str, int]:
    """What the servers of a project use; a server counts until everything of it is gone."""
    row = await tx.first(_USAGE, {"owner_id": project_id})
    assert row is not None
    count, vcpus, memory_mib = tuple(row)
    return {"instances": count, "cores": int(vcpus or 0), "ram": int(memory_mib or 0)}
