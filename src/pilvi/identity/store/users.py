"""Rows of users, roles and grants."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Role, RoleId, User, UserId
from pilvi.identity.store.tables import grants, roles, users


def _user(row: Row[Any]) -> User:
    return User(
        id=UserId(row.id),
        domain_id=row.domain_id,
        name=row.name,
        description=row.description,
        email=row.email,
        enabled=row.enabled,
        default_project_id=row.default_project_id,
        password_hash=row.password_hash,
        epoch=row.epoch,
        created_at=row.created_at,
    )


async def insert_user(tx: Transaction, user: User) -> None:
    """Add a user. Raises `Conflict` when the name is taken in the domain."""
    await tx.run(insert(users).values(**{name: getattr(user, name) for name in user.__slots__}))


async def get_user(tx: Transaction, id: str) -> User:
    """One user. Raises `NotFound`."""
    row = await tx.first(select(users).where(users.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the user '{id}'")
    return _user(row)


async def find_user(tx: Transaction, name: str, domain_id: str) -> User | None:
    """The user of that name in a domain, or None."""
    found = (users.c.name == name) & (users.c.domain_id == domain_id)
    row = await tx.first(select(users).where(found))
    return None if row is None else _user(row)


async def list_users(tx: Transaction, **equal: Any) -> list[User]:
    """The users whose columns have the given values, by name."""
    query = select(users).order_by(users.c.name)
    for name, value in equal.items():
        query = query.where(users.c[name] == value)
    return [_user(row) for row in await tx.all(query)]


async def update_user(tx: Transaction, id: UserId, **values: Any) -> None:
    """Change columns of a user."""
    await tx.run(update(users).where(users.c.id == id).values(**values))


async def delete_user(tx: Transaction, id: UserId) -> None:
    """Remove a user and every role granted to it."""
    await tx.run(delete(grants).where(grants.c.user_id == id))
    await tx.run(delete(users).where(users.c.id == id))


async def insert_role(tx: Transaction, role: Role) -> None:
    """Add a role."""
    await tx.run(insert(roles).values(id=role.id, name=role.name, description=role.description))


async def list_roles(tx: Transaction, name: str | None = None) -> list[Role]:
    """Every role, or the one of that name."""
    query = select(roles).order_by(roles.c.name)
    if name is not None:
        query = query.where(roles.c.name == name)
    return [Role(RoleId(r.id), r.name, r.description) for r in await tx.all(query)]


async def get_role(tx: Transaction, id: str) -> Role:
    """One role. Raises `NotFound`."""
    row = await tx.first(select(roles).where(roles.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the role '{id}'")
    return Role(RoleId(row.id), row.name, row.description)


async def insert_grant(
    tx: Transaction, user_id: str, scope: str, scope_id: str, role_id: str
) -> None:
    """Give a user a role in a scope. Repeatable."""
    values = {"user_id": user_id, "scope": scope, "scope_id": scope_id, "role_id": role_id}
    if not await list_grants(tx, **values):
        await tx.run(insert(grants).values(**values))


async def delete_grant(
    tx: Transaction, user_id: str, scope: str, scope_id: str, role_id: str
) -> int:
    """Take a role away; returns how many grants went (0 or 1)."""
    return await tx.run(
        delete(grants).where(
            grants.c.user_id == user_id,
            grants.c.scope == scope,
            grants.c.scope_id == scope_id,
            grants.c.role_id == role_id,
        )
    )


async def list_grants(tx: Transaction, **equal: Any) -> list[Row[Any]]:
    """The grants whose columns have the given values, each with its role's name."""
    query = select(grants, roles.c.name.label("role_name")).join_from(grants, roles)
    for name, value in equal.items():
        query = query.where(grants.c[name] == value)
    return list(await tx.all(query))
