"""Rows of users, groups and memberships."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Group, User, UserId
from pilvi.identity.store.rows import Wanted, choose, list_page
from pilvi.identity.store.tables import groups, memberships, users

_BY_ID = Prepared(select(users).where(users.c.id == bindparam("of_id")))
_BY_NAME = Prepared(
    select(users).where(
        users.c.name == bindparam("of_name"), users.c.domain_id == bindparam("of_domain")
    )
)


def _user(row: Row[Any]) -> User:
    return User(**{name: getattr(row, name) for name in User.__slots__})


def _group(row: Row[Any]) -> Group:
    return Group(**{name: getattr(row, name) for name in Group.__slots__})


async def insert_user(tx: Transaction, user: User) -> None:
    """Add a user. Raises `Conflict` when the name is taken in the domain."""
    await tx.run(insert(users).values(**{name: getattr(user, name) for name in user.__slots__}))


async def get_user(tx: Transaction, id: str) -> User:
    """One user. Raises `NotFound`."""
    row = await tx.first(_BY_ID, {"of_id": id})
    if row is None:
        raise NotFound(f"cannot find the user '{id}'")
    return _user(row)


async def find_user(tx: Transaction, name: str, domain_id: str) -> User | None:
    """The user of that name in a domain, or None."""
    row = await tx.first(_BY_NAME, {"of_name": name, "of_domain": domain_id})
    return None if row is None else _user(row)


async def list_users(tx: Transaction, **equal: Any) -> list[User]:
    """The users whose columns have the given values, by name."""
    query = select(users).order_by(users.c.name)
    for name, value in equal.items():
        query = query.where(users.c[name] == value)
    return [_user(row) for row in await tx.all(query)]


async def list_user_page(tx: Transaction, wanted: Wanted) -> tuple[list[User], bool]:
    """One page of users, and whether more follow."""
    rows, more = await list_page(tx, users, wanted)
    return [_user(row) for row in rows], more


async def update_user(tx: Transaction, id: UserId, **values: Any) -> None:
    """Change columns of a user."""
    await tx.run(update(users).where(users.c.id == id).values(**values))


async def delete_user(tx: Transaction, id: UserId) -> None:
    """Remove a user, its memberships, credentials and what it delegated."""
    await tx.run(delete(users).where(users.c.id == id))


async def insert_group(tx: Transaction, group: Group) -> None:
    """Add a group. Raises `Conflict` when the name is taken in the domain."""
    await tx.run(insert(groups).values(**{name: getattr(group, name) for name in group.__slots__}))


async def get_group(tx: Transaction, id: str) -> Group:
    """One group. Raises `NotFound`."""
    row = await tx.first(select(groups).where(groups.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the group '{id}'")
    return _group(row)


async def find_group(tx: Transaction, name: str, domain_id: str) -> Group | None:
    """The group of that name in a domain, or None."""
    found = (groups.c.name == name) & (groups.c.domain_id == domain_id)
    row = await tx.first(select(groups).where(found))
    return None if row is None else _group(row)


async def list_group_page(tx: Transaction, wanted: Wanted) -> tuple[list[Group], bool]:
    """One page of groups, and whether more follow."""
    rows, more = await list_page(tx, groups, wanted)
    return [_group(row) for row in rows], more


async def update_group(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a group."""
    await tx.run(update(groups).where(groups.c.id == id).values(**values))


async def delete_group(tx: Transaction, id: str) -> None:
    """Remove a group and its memberships."""
    await tx.run(delete(groups).where(groups.c.id == id))


async def insert_membership(tx: Transaction, user_id: str, group_id: str) -> None:
    """Make a user a member of a group. Repeatable."""
    if not await is_member(tx, user_id, group_id):
        await tx.run(insert(memberships).values(user_id=user_id, group_id=group_id))


async def is_member(tx: Transaction, user_id: str, group_id: str) -> bool:
    """Whether a user is a member of a group."""
    both = (memberships.c.user_id == user_id) & (memberships.c.group_id == group_id)
    return await tx.first(select(memberships).where(both)) is not None


async def delete_membership(tx: Transaction, user_id: str, group_id: str) -> int:
    """Take a user out of a group; returns how many memberships went (0 or 1)."""
    both = (memberships.c.user_id == user_id) & (memberships.c.group_id == group_id)
    return await tx.run(delete(memberships).where(both))


async def list_groups_of_user(
    tx: Transaction, user_id: str, wanted: Wanted | None = None
) -> list[Group]:
    """The groups of a user, by name."""
    query = select(groups).join(memberships, memberships.c.group_id == groups.c.id)
    query = query.where(memberships.c.user_id == user_id).order_by(groups.c.name)
    return [_group(row) for row in await tx.all(choose(query, groups, wanted or Wanted()))]


async def list_members(tx: Transaction, group_id: str, wanted: Wanted | None = None) -> list[User]:
    """The users of a group, by name."""
    query = select(users).join(memberships, memberships.c.user_id == users.c.id)
    query = query.where(memberships.c.group_id == group_id).order_by(users.c.name)
    return [_user(row) for row in await tx.all(choose(query, users, wanted or Wanted()))]


async def list_memberships(tx: Transaction, group_ids: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the members of some groups, by group."""
    query = select(memberships).where(memberships.c.group_id.in_(group_ids))
    found: dict[str, list[str]] = {}
    for row in await tx.all(query):
        found.setdefault(row.group_id, []).append(row.user_id)
    return found
