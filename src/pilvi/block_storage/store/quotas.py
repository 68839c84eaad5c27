"""Rows of quotas that differ from the defaults."""

from collections.abc import Mapping

from sqlalchemy import delete, insert, select

from pilvi.block_storage.store.tables import quotas
from pilvi.core.db import Transaction

_t = quotas.c


async def list_quotas(tx: Transaction, project_id: str) -> dict[str, int]:
    """What was set for a project, by name."""
    query = select(quotas).where(_t.project_id == project_id)
    return {row.name: row.value for row in await tx.all(query)}


async def save_quotas(tx: Transaction, project_id: str, wanted: Mapping[str, int]) -> None:
    """Set some quotas of a project and leave the others."""
    for name, value in wanted.items():
        await tx.run(delete(quotas).where(_t.project_id == project_id, _t.name == name))
        await tx.run(insert(quotas).values(project_id=project_id, name=name, value=value))


async def delete_quotas(tx: Transaction, project_id: str) -> None:
    """Give a project the defaults again. Repeatable."""
    await tx.run(delete(quotas).where(_t.project_id == project_id))
