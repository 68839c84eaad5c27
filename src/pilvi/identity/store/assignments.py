"""Rows of role assignments."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, insert, or_, select

from pilvi.core.db import Transaction
from pilvi.identity.model.identity import Actor, Assignment
from pilvi.identity.store.tables import assignments, lineage, memberships


def _assignment(row: Row[Any]) -> Assignment:
    values = {name: getattr(row, name) for name in Assignment.__slots__}
    return Assignment(**{**values, "actor": Actor(row.actor)})


def _values(assignment: Assignment) -> dict[str, Any]:
    return {name: getattr(assignment, name) for name in assignment.__slots__}


async def insert_assignment(tx: Transaction, assignment: Assignment) -> None:
    """Assign a role. Repeatable."""
    if not await list_assignments(tx, **_values(assignment)):
        await tx.run(insert(assignments).values(**_values(assignment)))


async def delete_assignment(tx: Transaction, assignment: Assignment) -> int:
    """Take a role away; returns how many assignments went (0 or 1)."""
    return await delete_assignments(tx, **_values(assignment))


async def delete_assignments(tx: Transaction, **equal: Any) -> int:
    """Remove the assignments whose columns have the given values; returns how many went."""
    assert equal, "the assignments are never emptied"
    conditions = [assignments.c[name] == value for name, value in equal.items()]
    return await tx.run(delete(assignments).where(*conditions))


async def list_assignments(tx: Transaction, **equal: Any) -> list[Assignment]:
    """The assignments whose columns have the given values."""
    query = select(assignments).order_by(*assignments.primary_key.columns)
    for name, value in equal.items():
        query = query.where(assignments.c[name] == value)
    return [_assignment(row) for row in await tx.all(query)]


async def list_assignments_in(tx: Transaction, scope_ids: Sequence[str]) -> list[Assignment]:
    """The assignments in some projects and domains."""
    query = select(assignments).where(assignments.c.scope_id.in_(scope_ids))
    return [_assignment(row) for row in await tx.all(query)]


async def list_assignments_of_user(tx: Transaction, user_id: str) -> list[Assignment]:
    """The assignments of a user and of its groups."""
    return [_assignment(row) for row in await tx.all(_of_user(user_id))]


def _of_user(user_id: str) -> Select[Any]:
    mine = select(memberships.c.group_id).where(memberships.c.user_id == user_id)
    own = (assignments.c.actor == Actor.USER) & (assignments.c.actor_id == user_id)
    through = (assignments.c.actor == Actor.GROUP) & assignments.c.actor_id.in_(mine)
    return select(assignments).where(or_(own, through))


async def list_scope_ids_of_user(tx: Transaction, user_id: str, scope: str) -> list[str]:
    """Ids of the projects or domains in which a user has a role, inherited ones too."""
    held = _of_user(user_id).subquery()
    direct = select(held.c.scope_id).where(held.c.scope == scope, held.c.inherited.is_(False))
    found = {row.scope_id for row in await tx.all(direct)}
    if scope == "project":
        below = select(lineage.c.project_id).join(held, held.c.scope_id == lineage.c.ancestor_id)
        rows = await tx.all(below.where(held.c.inherited.is_(True)))
        found |= {row.project_id for row in rows}
    return sorted(found)


async def read_lineage(tx: Transaction) -> dict[str, list[str]]:
    """The projects below each project and domain."""
    found: dict[str, list[str]] = {}
    for row in await tx.all(select(lineage)):
        found.setdefault(row.ancestor_id, []).append(row.project_id)
    return found
