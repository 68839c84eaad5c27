"""Rows of QoS specifications."""

from typing import Any

from sqlalchemy import delete, insert, select, update

from pilvi.block_storage.model.qos_specs import QosSpecs
from pilvi.block_storage.store.tables import qos_specs
from pilvi.core.db import Transaction

_t = qos_specs.c
_COLUMNS = ("id", "name", "consumer", "specs", "created_at", "updated_at")


async def insert_qos_specs(tx: Transaction, found: QosSpecs) -> None:
    """Add a specification. Raises `Conflict` when its name is taken."""
    await tx.run(insert(qos_specs).values(**{name: getattr(found, name) for name in _COLUMNS}))


async def list_qos_specs(tx: Transaction, **equal: Any) -> list[QosSpecs]:
    """The specifications with these values, newest first."""
    query = select(qos_specs).order_by(_t.created_at.desc(), _t.id)
    for name, value in equal.items():
        query = query.where(_t[name] == value)
    rows = await tx.all(query)
    return [QosSpecs(**{name: getattr(row, name) for name in _COLUMNS}) for row in rows]


async def update_qos_specs(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a specification."""
    await tx.run(update(qos_specs).where(_t.id == id).values(**values))


async def delete_qos_specs(tx: Transaction, id: str) -> None:
    """Remove a specification. Repeatable."""
    await tx.run(delete(qos_specs).where(_t.id == id))
