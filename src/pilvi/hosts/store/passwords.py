"""Rows of the passwords that guests posted, one a guest."""

from sqlalchemy import bindparam, delete, insert, select

from pilvi.core.db import Prepared, Transaction
from pilvi.hosts.store.tables import passwords

_FORGET = Prepared(delete(passwords).where(passwords.c.server_id == bindparam("of_server")))


async def save_password(tx: Transaction, server_id: str, password: str) -> None:
    """Keep a guest's newest password. Repeatable."""
    await delete_password(tx, server_id)
    await tx.run(insert(passwords).values(server_id=server_id, password=password))


async def find_password(tx: Transaction, server_id: str) -> str | None:
    """What a guest posted last, or None."""
    query = select(passwords.c.password).where(passwords.c.server_id == server_id)
    row = await tx.first(query)
    return None if row is None else str(row.password)


async def delete_password(tx: Transaction, server_id: str) -> None:
    """Forget what a guest posted. Repeatable."""
    await tx.run(_FORGET, {"of_server": server_id})
