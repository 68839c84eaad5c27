"""Rows of consumers and of what they hold."""

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select, update

from pilvi.core.db import Transaction
from pilvi.placement.model.claim import Claim
from pilvi.placement.store.tables import allocations, consumers

Used = dict[str, dict[str, int]]
"""By one id and resource class: how much."""


async def list_claims(tx: Transaction, **equal: str) -> list[Claim]:
    """The claims of the consumers whose columns have the given values, by consumer."""
    query = (
        select(consumers, allocations.c.resource_class, allocations.c.used)
        .outerjoin(allocations, allocations.c.consumer_id == consumers.c.id)
        .order_by(consumers.c.id, allocations.c.resource_class)
    )
    for name, value in equal.items():
        query = query.where(consumers.c[name] == value)
    heads: dict[str, Claim] = {}
    amounts: Used = {}
    for row in await tx.all(query):
        held = amounts.setdefault(row.id, {})
        if row.resource_class is not None:
            held[row.resource_class] = row.used
        heads[row.id] = Claim(
            consumer_id=row.id,
            project_id=row.project_id,
            user_id=row.user_id,
            provider_id=row.provider_id,
            resources=held,
            generation=row.generation,
        )
    return list(heads.values())


async def find_claim(tx: Transaction, consumer_id: str) -> Claim | None:
    """What one consumer holds, or None."""
    found = await list_claims(tx, id=consumer_id)
    return found[0] if found else None


async def save_claim(tx: Transaction, claim: Claim) -> None:
    """Let a consumer hold exactly this."""
    values = {
        "project_id": claim.project_id,
        "user_id": claim.user_id,
        "provider_id": claim.provider_id,
        "generation": claim.generation,
    }
    known = update(consumers).where(consumers.c.id == claim.consumer_id).values(**values)
    if not await tx.run(known):
        await tx.run(insert(consumers).values(id=claim.consumer_id, **values))
    await tx.run(delete(allocations).where(allocations.c.consumer_id == claim.consumer_id))
    await _insert_amounts(tx, claim.consumer_id, claim.resources)


async def _insert_amounts(tx: Transaction, consumer_id: str, amounts: Mapping[str, int]) -> None:
    for name, used in amounts.items():
        await tx.run(
            insert(allocations).values(consumer_id=consumer_id, resource_class=name, used=used)
        )


async def delete_claim(tx: Transaction, consumer_id: str) -> None:
    """Let a consumer hold nothing and forget it. Repeatable."""
    await tx.run(delete(allocations).where(allocations.c.consumer_id == consumer_id))
    await tx.run(delete(consumers).where(consumers.c.id == consumer_id))


async def sum_by_provider(tx: Transaction, provider_id: str | None = None) -> Used:
    """How much is used of each class, by provider."""
    query = (
        select(
            consumers.c.provider_id,
            allocations.c.resource_class,
            func.sum(allocations.c.used).label("used"),
        )
        .join_from(consumers, allocations, allocations.c.consumer_id == consumers.c.id)
        .group_by(consumers.c.provider_id, allocations.c.resource_class)
    )
    if provider_id is not None:
        query = query.where(consumers.c.provider_id == provider_id)
    found: Used = {}
    for row in await tx.all(query):
        found.setdefault(row.provider_id, {})[row.resource_class] = int(row.used)
    return found


async def sum_by_project(
    tx: Transaction, project_id: str, user_id: str | None = None
) -> tuple[dict[str, int], int]:
    """How much a project's consumers hold of each class, and how many consumers there are."""
    mine = consumers.c.project_id == project_id
    if user_id is not None:
        mine = mine & (consumers.c.user_id == user_id)
    query = (
        select(allocations.c.resource_class, func.sum(allocations.c.used).label("used"))
        .join_from(consumers, allocations, allocations.c.consumer_id == consumers.c.id)
        .where(mine)
        .group_by(allocations.c.resource_class)
    )
    used = {row.resource_class: int(row.used) for row in await tx.all(query)}
    return used, int(await tx.scalar(select(func.count()).select_from(consumers).where(mine)))
