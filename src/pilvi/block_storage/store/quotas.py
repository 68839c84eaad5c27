"""Rows of quotas that differ from the defaults, and of the defaults that an admin changed."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, insert, select

from pilvi.block_storage.store.tables import quota_classes, quotas
from pilvi.core.db import Prepared, Transaction

_t = quotas.c
_OF_PROJECT = Prepared(select(quotas).where(_t.project_id == bindparam("owner_id")))
_OF_CLASS = Prepared(
    select(quota_classes).where(quota_classes.c.class_name == bindparam("of_class"))
)


async def list_quotas(tx: Transaction, project_id: str) -> dict[str, int]:
    """What was set for a project, by name."""
    rows = await tx.all(_OF_PROJECT, {"owner_id": project_id})
    return {row.name: row.value for row in rows}


async def save_quotas(tx: Transaction, project_id: str, wanted: Mapping[str, int]) -> None:
    """Set some quotas of a project and leave the others."""
    for name, value in wanted.items():
        await tx.run(delete(quotas).where(_t.project_id == project_id, _t.name == name))
        await tx.run(insert(quotas).values(project_id=project_id, name=name, value=value))


async def delete_quotas(tx: Transaction, project_id: str) -> None:
    """Give a project the defaults again. Repeatable."""
    await tx.run(delete(quotas).where(_t.project_id == project_id))


async def list_class(tx: Transaction, class_name: str) -> dict[str, int]:
    """What was set for a class, by name."""
    return {row.name: row.value for row in await tx.all(_OF_CLASS, {"of_class": class_name})}


async def save_class(tx: Transaction, class_name: str, wanted: Mapping[str, int]) -> None:
    """Set some quotas of a class and leave the others."""
    c = quota_classes.c
    for name, value in wanted.items():
        values = {"class_name": class_name, "name": name, "value": value}
        await tx.run(delete(quota_classes).where(c.class_name == class_name, c.name == name))
        await tx.run(insert(quota_classes).values(**values))
