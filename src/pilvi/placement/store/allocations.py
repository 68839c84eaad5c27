"""Rows of consumers and of what they hold."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from pilvi.core.db import Transaction
from pilvi.placement.model.claim import Claim
from pilvi.placement.model.resources import Amounts
from pilvi.placement.store.tables import consumers, holdings

Used = dict[str, dict[str, int]]
"""By one id and resource class: how much."""


async def list_claims(
    tx: Transaction, *, provider_id: str | None = None, **equal: str
) -> list[Claim]:
    """The claims of the consumers whose columns have the given values, by consumer.

    With a provider: only what is held of it, by those who hold any of it.
    """
    query = (
        select(consumers, holdings.c.provider_id, holdings.c.resource_class, holdings.c.used)
        .outerjoin(holdings, holdings.c.consumer_id == consumers.c.id)
        .order_by(consumers.c.id, holdings.c.provider_id, holdings.c.resource_class)
    )
    if provider_id is not None:
        query = query.where(holdings.c.provider_id == provider_id)
    for name, value in equal.items():
        query = query.where(consumers.c[name] == value)
    heads: dict[str, Claim] = {}
    held: dict[str, dict[str, dict[str, int]]] = {}
    for row in await tx.all(query):
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
    known = update(consumers).where(consumers.c.id == claim.consumer_id).values(**values)
    if not await tx.run(known):
        await tx.run(insert(consumers).values(id=claim.consumer_id, **values))
    await tx.run(delete(holdings).where(holdings.c.consumer_id == claim.consumer_id))
    await _insert_held(tx, claim.consumer_id, claim.held)


async def _insert_held(tx: Transaction, consumer_id: str, held: Mapping[str, Amounts]) -> None:
    for provider_id, amounts in held.items():
        for name, used in amounts.items():
            values = {"provider_id": provider_id, "resource_class": name, "used": used}
            await tx.run(insert(holdings).values(consumer_id=consumer_id, **values))


async def delete_claim(tx: Transaction, consumer_id: str) -> None:
    """Let a consumer hold nothing and forget it. Repeatable."""
    await tx.run(delete(holdings).where(holdings.c.consumer_id == consumer_id))
    await tx.run(delete(consumers).where(consumers.c.id == consumer_id))


async def sum_by_provider(tx: Transaction, provider_id: str | None = None) -> Used:
    """How much is used of each class, by provider."""
    query = select(
        holdings.c.provider_id, holdings.c.resource_class, func.sum(holdings.c.used).label("used")
    ).group_by(holdings.c.provider_id, holdings.c.resource_class)
    if provider_id is not None:
        query = query.where(holdings.c.provider_id == provider_id)
    found: Used = {}
    for row in await tx.all(query):
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
