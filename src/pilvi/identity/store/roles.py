"""Rows of roles and of what they bring."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.errors import NotFound
from pilvi.identity.model.identity import Role, close_inferences
from pilvi.identity.store.rows import Wanted, choose
from pilvi.identity.store.tables import role_closure, role_inferences, roles

_ALL = select(roles).order_by(roles.c.name)
_LIST = Prepared(_ALL)
_OF_DOMAIN = Prepared(_ALL.where(roles.c.domain_id == bindparam("of_domain")))


def _role(row: Row[Any]) -> Role:
    return Role(**{name: getattr(row, name) for name in Role.__slots__})


async def insert_role(tx: Transaction, role: Role) -> None:
    """Add a role. Raises `Conflict` when the name is taken in its domain."""
    await tx.run(insert(roles).values(**{name: getattr(role, name) for name in role.__slots__}))
    await tx.run(insert(role_closure).values(role_id=role.id, brings_id=role.id))


async def get_role(tx: Transaction, id: str) -> Role:
    """One role. Raises `NotFound`."""
    row = await tx.first(select(roles).where(roles.c.id == id))
    if row is None:
        raise NotFound(f"cannot find the role '{id}'")
    return _role(row)


async def list_roles(tx: Transaction, wanted: Wanted | None = None) -> list[Role]:
    """The roles that are asked for, by name."""
    query = _LIST if wanted is None else choose(_ALL, roles, wanted)
    return [_role(row) for row in await tx.all(query)]


async def list_roles_of_domain(tx: Transaction, domain_id: str) -> list[Role]:
    """The roles of a domain by name; those of none, which are for all, with an empty id."""
    return [_role(row) for row in await tx.all(_OF_DOMAIN, {"of_domain": domain_id})]


async def list_roles_by_id(tx: Transaction, ids: Iterable[str]) -> list[Role]:
    """The roles of some ids, by name."""
    query = select(roles).where(roles.c.id.in_(list(ids))).order_by(roles.c.name)
    return [_role(row) for row in await tx.all(query)]


async def update_role(tx: Transaction, id: str, **values: Any) -> None:
    """Change columns of a role."""
    await tx.run(update(roles).where(roles.c.id == id).values(**values))


async def delete_role(tx: Transaction, id: str) -> None:
    """Remove a role that nobody is assigned any more, and what it brings."""
    await tx.run(delete(roles).where(roles.c.id == id))
    await _derive_closure(tx)


async def list_inferences(tx: Transaction) -> set[tuple[str, str]]:
    """Every inference: the ids of a role and of one that it brings directly."""
    return {(row.prior_id, row.implied_id) for row in await tx.all(select(role_inferences))}


async def insert_inference(tx: Transaction, prior_id: str, implied_id: str) -> None:
    """Let a role bring another. Repeatable."""
    if (prior_id, implied_id) not in await list_inferences(tx):
        await tx.run(insert(role_inferences).values(prior_id=prior_id, implied_id=implied_id))
        await _derive_closure(tx)


async def delete_inference(tx: Transaction, prior_id: str, implied_id: str) -> int:
    """Let a role bring another no more; returns how many inferences went (0 or 1)."""
    table = role_inferences
    both = (table.c.prior_id == prior_id) & (table.c.implied_id == implied_id)
    touched = await tx.run(delete(table).where(both))
    await _derive_closure(tx)
    return touched


async def _derive_closure(tx: Transaction) -> None:
    """Write what every role brings anew, in the transaction that changed an inference."""
    ids = {row.id for row in await tx.all(select(roles.c.id))}
    wanted = close_inferences(ids, await list_inferences(tx))
    found = {(row.role_id, row.brings_id) for row in await tx.all(select(role_closure))}
    for role_id, brings_id in found - wanted:
        both = (role_closure.c.role_id == role_id) & (role_closure.c.brings_id == brings_id)
        await tx.run(delete(role_closure).where(both))
    rows = [{"role_id": role, "brings_id": brought} for role, brought in sorted(wanted - found)]
    if rows:
        await tx.run(insert(role_closure), rows)


async def list_brought(tx: Transaction, ids: Iterable[str]) -> set[str]:
    """The ids of some roles and of all that they bring."""
    query = select(role_closure.c.brings_id).where(role_closure.c.role_id.in_(list(ids)))
    return {row.brings_id for row in await tx.all(query)}


async def read_closure(tx: Transaction) -> dict[str, list[str]]:
    """What each role brings, itself too, without domains' own roles."""
    query = (
        select(role_closure)
        .join(roles, roles.c.id == role_closure.c.brings_id)
        .where(roles.c.domain_id == "")
    )
    found: dict[str, list[str]] = {}
    for row in await tx.all(query):
        found.setdefault(row.role_id, []).append(row.brings_id)
    return found
