"""Rows of application credentials, their access rules, and trusts."""

import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.delegation import ApplicationCredential, Trust
from pilvi.identity.store.credential_tables import application_credentials, trusts


def _application_credential(row: Row[Any]) -> ApplicationCredential:
    names = ApplicationCredential.__slots__
    return ApplicationCredential(**{name: getattr(row, name) for name in names})


def _trust(row: Row[Any]) -> Trust:
    return Trust(**{name: getattr(row, name) for name in Trust.__slots__})


async def insert_application_credential(tx: Transaction, made: ApplicationCredential) -> None:
    """Add an application credential. Raises `Conflict` when its user has one of the name."""
    values = {name: getattr(made, name) for name in made.__slots__}
    await tx.run(insert(application_credentials).values(**values))


async def find_application_credential(
    tx: Transaction, **equal: Any
) -> ApplicationCredential | None:
    """The one application credential whose columns have the given values, or None."""
    found = await list_application_credentials(tx, **equal)
    return found[0] if found else None


async def get_application_credential(
    tx: Transaction, user_id: str, id: str
) -> ApplicationCredential:
    """A user's application credential. Raises `NotFound`."""
    found = await find_application_credential(tx, user_id=user_id, id=id)
    if found is None:
        raise NotFound(f"cannot find the application credential '{id}'")
    return found


async def list_application_credentials(
    tx: Transaction, **equal: Any
) -> list[ApplicationCredential]:
    """The application credentials whose columns have the given values, by name."""
    table = application_credentials
    query = select(table).order_by(table.c.name)
    for name, value in equal.items():
        query = query.where(table.c[name] == value)
    return [_application_credential(row) for row in await tx.all(query)]


async def delete_application_credentials(tx: Transaction, **equal: Any) -> None:
    """Remove the application credentials whose columns have the given values."""
    assert equal, "application credentials are never all removed"
    table = application_credentials
    await tx.run(delete(table).where(*(table.c[name] == value for name, value in equal.items())))


async def delete_delegations_with_role(tx: Transaction, role_id: str, **equal: Any) -> None:
    """Remove the application credentials and trusts that name a role, of some users."""
    for table, user in ((application_credentials, "user_id"), (trusts, "trustor_user_id")):
        query = select(table.c.id, table.c.role_ids)
        for name, value in equal.items():
            query = query.where(table.c[user if name == "user_id" else name] == value)
        for row in await tx.all(query):
            if role_id in row.role_ids:
                await tx.run(delete(table).where(table.c.id == row.id))


async def insert_trust(tx: Transaction, trust: Trust) -> None:
    """Add a trust."""
    await tx.run(insert(trusts).values(**{name: getattr(trust, name) for name in trust.__slots__}))


async def find_trust(tx: Transaction, id: str) -> Trust | None:
    """A trust, or None."""
    row = await tx.first(select(trusts).where(trusts.c.id == id))
    return None if row is None else _trust(row)


async def list_trusts(
    tx: Transaction, *, of_user: str | None = None, now: datetime.datetime, **equal: Any
) -> list[Trust]:
    """The trusts that still hold whose columns have the given values; `of_user`: either side's."""
    query = select(trusts).where(or_(trusts.c.expires_at.is_(None), trusts.c.expires_at > now))
    for name, value in equal.items():
        query = query.where(trusts.c[name] == value)
    if of_user is not None:
        sides = trusts.c.trustor_user_id == of_user, trusts.c.trustee_user_id == of_user
        query = query.where(or_(*sides))
    return [_trust(row) for row in await tx.all(query.order_by(trusts.c.id))]


async def use_trust(tx: Transaction, id: str) -> int:
    """Count one use of a trust that has a number of them; returns 0 when none is left."""
    left = trusts.c.remaining_uses
    query = update(trusts).where(trusts.c.id == id, left > 0).values(remaining_uses=left - 1)
    return await tx.run(query)


async def delete_trusts(tx: Transaction, **equal: Any) -> int:
    """Remove the trusts whose columns have the given values, and those made from them."""
    assert equal, "trusts are never all removed"
    gone = [trusts.c[name] == value for name, value in equal.items()]
    ids = [row.id for row in await tx.all(select(trusts.c.id).where(*gone))]
    for id in ids:
        await delete_trusts(tx, redelegated_trust_id=id)
        await tx.run(delete(trusts).where(trusts.c.id == id))
    return len(ids)
