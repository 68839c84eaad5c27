"""Rows of providers, their inventories, traits and aggregates."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, NotFound
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import Provider, ProviderId
from pilvi.placement.store.tables import aggregates, inventories, providers, traits


def _provider(row: Row[Any]) -> Provider:
    return Provider(
        id=ProviderId(row.id),
        name=row.name,
        generation=row.generation,
        created_at=row.created_at,
        updated_at=row.updated_at,
        parent_id=row.parent_id,
        follows_host=row.follows_host,
    )


def _inventory(row: Row[Any]) -> Inventory:
    return Inventory(
        resource_class=row.resource_class,
        total=row.total,
        reserved=row.reserved,
        min_unit=row.min_unit,
        max_unit=row.max_unit,
        step_size=row.step_size,
        allocation_ratio=row.allocation_ratio,
    )


async def insert_provider(
    tx: Transaction,
    id: ProviderId,
    name: str,
    parent_id: str | None = None,
    *,
    follows_host: bool = True,
) -> None:
    """Add a provider that has nothing yet."""
    moment = now()
    values = {"created_at": moment, "updated_at": moment, "generation": 0}
    values |= {"parent_id": parent_id, "follows_host": follows_host}
    await tx.run(insert(providers).values(id=id, name=name, **values))


async def delete_provider(tx: Transaction, id: str) -> None:
    """Forget a provider with everything about it that no consumer holds."""
    for table in (inventories, traits, aggregates):
        await tx.run(delete(table).where(table.c.provider_id == id))
    await tx.run(delete(providers).where(providers.c.id == id))


async def find_provider(tx: Transaction, id: str) -> Provider | None:
    """One provider, or None."""
    row = await tx.first(select(providers).where(providers.c.id == id))
    return None if row is None else _provider(row)


async def get_provider(tx: Transaction, id: str) -> Provider:
    """One provider. Raises `NotFound`."""
    provider = await find_provider(tx, id)
    if provider is None:
        raise NotFound(f"cannot find the resource provider '{id}'")
    return provider


async def list_providers(tx: Transaction, **equal: str) -> list[Provider]:
    """The providers whose columns have the given values, by name."""
    query = select(providers).order_by(providers.c.name, providers.c.id)
    for name, value in equal.items():
        query = query.where(providers.c[name] == value)
    return [_provider(row) for row in await tx.all(query)]


async def raise_generation(tx: Transaction, provider: Provider, **values: Any) -> None:
    """Count one more change of a provider. Raises `Conflict` when it changed since it was read."""
    change = update(providers).where(
        providers.c.id == provider.id, providers.c.generation == provider.generation
    )
    values = {"generation": provider.generation + 1, "updated_at": now(), **values}
    if not await tx.run(change.values(**values)):
        raise Conflict(
            f"cannot change the resource provider '{provider.id}': it changed meanwhile",
            detail="placement.concurrent_update",
        )


async def list_inventories(
    tx: Transaction, ids: Sequence[str] | None = None
) -> dict[str, dict[str, Inventory]]:
    """The inventories of some providers, or of all, by provider and resource class."""
    query = select(inventories).order_by(inventories.c.provider_id, inventories.c.resource_class)
    if ids is not None:
        query = query.where(inventories.c.provider_id.in_(ids))
    found: dict[str, dict[str, Inventory]] = {}
    for row in await tx.all(query):
        found.setdefault(row.provider_id, {})[row.resource_class] = _inventory(row)
    return found


async def is_class_offered(tx: Transaction, resource_class: str) -> bool:
    """Whether any provider has anything of a class."""
    query = select(inventories.c.total).where(inventories.c.resource_class == resource_class)
    return await tx.first(query.limit(1)) is not None


async def replace_inventories(tx: Transaction, id: str, wanted: Iterable[Inventory]) -> None:
    """Give a provider exactly these inventories."""
    await tx.run(delete(inventories).where(inventories.c.provider_id == id))
    for one in wanted:
        values = {name: getattr(one, name) for name in Inventory.__slots__}
        await tx.run(insert(inventories).values(provider_id=id, **values))


async def list_traits(
    tx: Transaction, ids: Sequence[str] | None = None
) -> dict[str, frozenset[str]]:
    """The traits of some providers, or of all, by provider."""
    query = select(traits)
    if ids is not None:
        query = query.where(traits.c.provider_id.in_(ids))
    found: dict[str, set[str]] = {}
    for row in await tx.all(query):
        found.setdefault(row.provider_id, set()).add(row.name)
    return {id: frozenset(names) for id, names in found.items()}


async def list_reported_traits(tx: Transaction, id: str) -> frozenset[str]:
    """The traits that a provider has because its host reports them."""
    query = select(traits.c.name).where(traits.c.provider_id == id, traits.c.by_host)
    return frozenset(row.name for row in await tx.all(query))


async def replace_traits(
    tx: Transaction, id: str, reported: Iterable[str], added: Iterable[str] = ()
) -> None:
    """Give a provider exactly these traits: the ones its host reports and the ones added."""
    await tx.run(delete(traits).where(traits.c.provider_id == id))
    by_host = frozenset(reported)
    for name in sorted(by_host.union(added)):
        await tx.run(insert(traits).values(provider_id=id, name=name, by_host=name in by_host))


async def list_aggregates(tx: Transaction) -> dict[str, frozenset[str]]:
    """The aggregates of every provider."""
    found: dict[str, set[str]] = {}
    for row in await tx.all(select(aggregates)):
        found.setdefault(row.provider_id, set()).add(row.aggregate_id)
    return {id: frozenset(names) for id, names in found.items()}


async def replace_aggregates(tx: Transaction, id: str, wanted: Iterable[str]) -> None:
    """Let a provider be in exactly these aggregates."""
    await tx.run(delete(aggregates).where(aggregates.c.provider_id == id))
    for aggregate in sorted(set(wanted)):
        await tx.run(insert(aggregates).values(provider_id=id, aggregate_id=aggregate))
