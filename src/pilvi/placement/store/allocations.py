"""Rows of consumers and of what they hold."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from pilvi.core.db import Prepared, Transaction
from pilvi.placement.model.claim import Claim
from pilvi.placement.model.resources import Amounts
from pilvi.placement.store.tables import consumers, holdings

Used = dict[str, dict[str, int]]
"""By one id and resource class: how much."""

_UPDATE = Prepared(update(consumers).where(consumers.c.id == bindparam("of_id")))
_INSERT = Prepared(insert(consumers))
_INSERT_HELD = Prepared(insert(holdings))
_FORGET_HELD = Prepared(delete(holdings).where(holdings.c.consumer_id == bindparam("of_id")))
_FORGET = Prepared(delete(consumers).where(consumers.c.id == bindparam("of_id")))
_SUM = select(
    holdings.c.provider_id, holdings.c.resource_class, func.sum(holdings.c.used).label("used")
).group_by(holdings.c.provider_id, holdings.c.resource_class)
_SUM_OF_ALL = Prepared(_SUM)
_SUM_OF_ONE = Prepared(_SUM.where(holdings.c.provider_id == bindparam("of_id")))


@cache
def _list_query(is_of_provider: bool, names: tuple[str, ...]) -> Prepared:
    query = (
        select(consumers, holdings.c.provider_id, holdings.c.resource_class, holdings.c.used)
        .outerjoin(holdings, holdings.c.consumer_id == consumers.c.id)
        .order_by(consumers.c.id, holdings.c.provider_id, holdings.c.resource_class)
    )
    if is_of_provider:
        query = query.where(holdings.c.provider_id == bindparam("of_provider"))
    return Prepared(query.where(*(consumers.c[name] == bindparam(f"of_{name}") for name in names)))


async def list_claims(
    tx: Transaction, *, provider_id: str | None = None, **equal: str
) -> list[Claim]:
    """The claims of the consumers whose columns have the given values, by consumer.

    With a provider: only what is held of it, by those who hold any of it.
    """
    query = _list_query(provider_id is not None, tuple(equal))
    named = {f"of_{name}": value for name, value in equal.items()}
    if provider_id is not None:
        named["of_provider"] = provider_id
    heads: dict[str, Claim] = {}
    held: dict[str, dict[str, dict[str, int]]] = {}
    for row in await tx.all(query, named):
        parts = held.setdefault(row.id, {})
        if row.resource_class is not None:
            parts.setdefault(row.provider_id, {})[row.resource_class] = row.used
        heads[row.id] = Claim(
            consumer_id=row.id,
            project_id=row.project_id,
            user_id=row.user_id,
            held=parts,
            generation=row.generation,
            consumer_type=row.consumer_type,
            is_servers=row.is_servers,
        )
    return list(heads.values())


async def find_claim(tx: Transaction, consumer_id: str) -> Claim | None:
    """What one consumer holds, or None."""
    found = await list_claims(tx, id=consumer_id)
    return found[0] if found else None


async def save_claim(tx: Transaction, claim: Claim) -> None:
    """Let a consumer hold exactly this."""
    values: dict[str, Any] = {
        "project_id": claim.project_id,
        "user_id": claim.user_id,
        "generation": claim.generation,
        "consumer_type": claim.consumer_type,
        "is_servers": claim.is_servers,
    }
    if not await tx.run(_UPDATE, {"of_id": claim.consumer_id, **values}):
        await tx.run(_INSERT, {"id": claim.consumer_id, **values})
    await tx.run(_FORGET_HELD, {"of_id": claim.consumer_id})
    await _insert_held(tx, claim.consumer_id, claim.held)


async def _insert_held(tx: Transaction, consumer_id: str, held: Mapping[str, Amounts]) -> None:
    rows = [
        {
            "consumer_id": consumer_id,
            "provider_id": provider_id,
            "resource_class": name,
            "used": used,
        }
        for provider_id, amounts in held.items()
        for name, used in amounts.items()
    ]
    if rows:
        await tx.run(_INSERT_HELD, rows)


async def delete_claim(tx: Transaction, consumer_id: str) -> None:
    """Let a consumer hold nothing and forget it. Repeatable."""
    await tx.run(_FORGET_HELD, {"of_id": consumer_id})
    await tx.run(_FORGET, {"of_id": consumer_id})


async def sum_by_provider(tx: Transaction, provider_id: str | None = None) -> Used:
    """How much is used of each class, by provider."""
    if provider_id is None:
        rows = await tx.all(_SUM_OF_ALL)
    else:
        rows = await tx.all(_SUM_OF_ONE, {"of_id": provider_id})
    found: Used = {}
    for row in rows:
        found.setdefault(row.provider_id, {})[row.resource_class] = int(row.used)
    return found


async def is_class_held(tx: Transaction, resource_class: str) -> bool:
    """Whether anybody holds anything of a class."""
    query = select(holdings.c.used).where(holdings.c.resource_class == resource_class).limit(1)
    return await tx.first(query) is not None


async def sum_by_project(
    tx: Transaction, project_id: str, user_id: str | None = None
) -> dict[str | None, dict[str, int]]:
    """How much a project's consumers hold of each class, by the consumers' type.

    `consumer_count` beside the classes says how many consumers of the type there are.
    """
    mine = consumers.c.project_id == project_id
    if user_id is not None:
        mine = mine & (consumers.c.user_id == user_id)
    counts = (
        select(consumers.c.consumer_type, func.count().label("number"))
        .where(mine)
        .group_by(consumers.c.consumer_type)
    )
    found = {row.consumer_type: {"consumer_count": int(row.number)} for row in await tx.all(counts)}
    sums = (
        select(
            consumers.c.consumer_type,
            holdings.c.resource_class,
            func.sum(holdings.c.used).label("used"),
        )
        .join_from(consumers, holdings, holdings.c.consumer_id == consumers.c.id)
        .where(mine)
        .group_by(consumers.c.consumer_type, holdings.c.resource_class)
    )
    for row in await tx.all(sums):
        found[row.consumer_type][row.resource_class] = int(row.used)
    return found
