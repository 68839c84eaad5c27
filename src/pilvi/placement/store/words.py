"""Rows of the resource classes and traits that an admin made."""

from sqlalchemy import Table, delete, insert, select

from pilvi.core.db import Transaction
from pilvi.placement.store.tables import custom_classes, custom_traits

TABLES: dict[str, Table] = {"resource class": custom_classes, "trait": custom_traits}
"""By what a word is."""


async def list_words(tx: Transaction, kind: str) -> list[str]:
    """The words of a kind, in order."""
    table = TABLES[kind]
    return [row.name for row in await tx.all(select(table).order_by(table.c.name))]


async def insert_word(tx: Transaction, kind: str, name: str) -> None:
    """Add a word that is not there."""
    await tx.run(insert(TABLES[kind]).values(name=name))


async def delete_word(tx: Transaction, kind: str, name: str) -> None:
    """Forget a word. Repeatable."""
    table = TABLES[kind]
    await tx.run(delete(table).where(table.c.name == name))
