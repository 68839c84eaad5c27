"""Rows of key pairs."""

from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from pilvi.compute.model.keypair import KeyPair, KeyType
from pilvi.compute.store.tables import keypairs
from pilvi.core.db import Transaction, now
from pilvi.core.paging import Page
from pilvi.errors import InvalidRequest, NotFound


def _keypair(row: Row[Any]) -> KeyPair:
    return KeyPair(
        number=row.number,
        user_id=row.user_id,
        name=row.name,
        type=KeyType(row.type),
        public_key=row.public_key,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
    )


async def insert_keypair(tx: Transaction, **values: Any) -> None:
    """Add a key pair. Raises `Conflict` when its name is taken by the same user."""
    await tx.run(insert(keypairs).values(created_at=now(), **values))


async def find_keypair(tx: Transaction, user_id: str, name: str) -> KeyPair | None:
    """The user's key pair of that name, or None."""
    mine = (keypairs.c.user_id == user_id) & (keypairs.c.name == name)
    row = await tx.first(select(keypairs).where(mine))
    return None if row is None else _keypair(row)


async def get_keypair(tx: Transaction, user_id: str, name: str) -> KeyPair:
    """The user's key pair of that name. Raises `NotFound`."""
    found = await find_keypair(tx, user_id, name)
    if found is None:
        raise NotFound(f"cannot find the key pair '{name}'")
    return found


async def list_keypairs(tx: Transaction, user_id: str, page: Page) -> tuple[list[KeyPair], bool]:
    """One page of a user's key pairs by name, and whether more follow; the marker is a name."""
    query = select(keypairs).where(keypairs.c.user_id == user_id).order_by(keypairs.c.name)
    if page.marker is not None:
        if await find_keypair(tx, user_id, page.marker) is None:
            raise InvalidRequest(f"cannot find the marker '{page.marker}' in this list")
        query = query.where(keypairs.c.name > page.marker)
    if page.limit is not None:
        query = query.limit(page.limit + 1)
    found = [_keypair(row) for row in await tx.all(query)]
    return found[: page.limit], page.limit is not None and len(found) > page.limit


async def count_keypairs(tx: Transaction, user_id: str) -> int:
    """How many key pairs a user has."""
    query = select(func.count()).select_from(keypairs).where(keypairs.c.user_id == user_id)
    return int(await tx.scalar(query))


async def delete_keypair(tx: Transaction, number: int) -> None:
    """Remove a key pair."""
    await tx.run(delete(keypairs).where(keypairs.c.number == number))
