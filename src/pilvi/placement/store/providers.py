"""Rows of providers, their inventories, traits and aggregates."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from pilvi.core.db import Prepared, Transaction, now
from pilvi.errors import Conflict, NotFound
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import Provider, ProviderId
from pilvi.placement.store.tables import aggregates, inventories, providers, traits

_BY_ID = Prepared(select(providers).where(providers.c.id == bindparam("of_id")))
_INVENTORIES = select(inventories).order_by(inventories.c.provider_id, inventories.c.resource_class)
_OF_ALL = Prepared(_INVENTORIES)
_OF_SOME = Prepared(
    _INVENTORIES.where(inventories.c.provider_id.in_(bindparam("ids", expanding=True)))
)
_ALL = Prepared(select(providers).order_by(providers.c.name, providers.c.id))
_INSERT = Prepared(insert(providers))
_CHANGE = Prepared(
    update(providers).where(
        providers.c.id == bindparam("of_id"), providers.c.generation == bindparam("of_generation")
    )
)
_INSERT_INVENTORIES = Prepared(insert(inventories))
_FORGET_INVENTORIES = Prepared(
    delete(inventories).where(inventories.c.provider_id == bindparam("of_id"))
)
_TRAITS = Prepared(select(traits))
_TRAITS_OF_SOME = Prepared(
    select(traits).where(traits.c.provider_id.in_(bindparam("ids", expanding=True)))
)
_INSERT_TRAITS = Prepared(insert(traits))
_FORGET_TRAITS = Prepared(delete(traits).where(traits.c.provider_id == bindparam("of_id")))
_AGGREGATES = Prepared(select(aggregates))
_REPORTED = Prepared(
    select(traits.c.name).where(traits.c.provider_id == bindparam("of_id"), traits.c.by_host)
)


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
    await tx.run(_INSERT, {"id": id, "name": name, **values})


async def delete_provider(tx: Transaction, id: str) -> None:
    """Forget a provider with everything about it that no consumer holds."""
    for table in (inventories, traits, aggregates):
        await tx.run(delete(table).where(table.c.provider_id == id))
    await tx.run(delete(providers).where(providers.c.id == id))


async def find_provider(tx: Transaction, id: str) -> Provider | None:
    """One provider, or None."""
    row = await tx.first(_BY_ID, {"of_id": id})
    return None if row is None else _provider(row)


async def get_provider(tx: Transaction, id: str) -> Provider:
    """One provider. Raises `NotFound`."""
    provider = await find_provider(tx, id)
    if provider is None:
        raise NotFound(f"cannot find the resource provider '{id}'")
    return provider


async def list_providers(tx: Transaction, **equal: str) -> list[Provider]:
    """The providers whose columns have the given values, by name."""
    if not equal:
        return [_provider(row) for row in await tx.all(_ALL)]
    query = select(providers).order_by(providers.c.name, providers.c.id)
    for name, value in equal.items():
        query = query.where(providers.c[name] == value)
    return [_provider(row) for row in await tx.all(query)]


async def raise_generation(tx: Transaction, provider: Provider, **values: Any) -> None:
    """Count one more change of a provider. Raises `Conflict` when it changed since it was read."""
    known = {"of_id": provider.id, "of_generation": provider.generation}
    values = {"generation": provider.generation + 1, "updated_at": now(), **values}
    if not await tx.run(_CHANGE, {**known, **values}):
        raise Conflict(
            f"cannot change the resource provider '{provider.id}': it changed meanwhile",
            detail="placement.concurrent_update",
        )


async def list_inventories(
    tx: Transaction, ids: Sequence[str] | None = None
) -> dict[str, dict[str, Inventory]]:
    """The inventories of some providers, or of all, by provider and resource class."""
    found: dict[str, dict[str, Inventory]] = {}
    if ids is None:
        rows = await tx.all(_OF_ALL)
    else:
        rows = await tx.all(_OF_SOME, {"ids": list(ids)})
    for row in rows:
        found.setdefault(row.provider_id, {})[row.resource_class] = _inventory(row)
    return found


async def is_class_offered(tx: Transaction, resource_class: str) -> bool:
    """Whether any provider has anything of a class."""
    query = select(inventories.c.total).where(inventories.c.resource_class == resource_class)
    return await tx.first(query.limit(1)) is not None


async def replace_inventories(tx: Transaction, id: str, wanted: Iterable[Inventory]) -> None:
    """Give a provider exactly these inventories."""
    await tx.run(_FORGET_INVENTORIES, {"of_id": id})
    rows = [
        {"provider_id": id, **{name: getattr(one, name) for name in Inventory.__slots__}}
        for one in wanted
    ]
    if rows:
        await tx.run(_INSERT_INVENTORIES, rows)


async def list_traits(
    tx: Transaction, ids: Sequence[str] | None = None
) -> dict[str, frozenset[str]]:
    """The traits of some providers, or of all, by provider."""
    if ids is None:
        rows = await tx.all(_TRAITS)
    else:
        rows = await tx.all(_TRAITS_OF_SOME, {"ids": list(ids)})
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.provider_id, set()).add(row.name)
    return {id: frozenset(names) for id, names in found.items()}


async def list_reported_traits(tx: Transaction, id: str) -> frozenset[str]:
    """The traits that a provider has because its host reports them."""
    return frozenset(row.name for row in await tx.all(_REPORTED, {"of_id": id}))


async def replace_traits(
    tx: Transaction, id: str, reported: Iterable[str], added: Iterable[str] = ()
) -> None:
    """Give a provider exactly these traits: the ones its host reports and the ones added."""
    await tx.run(_FORGET_TRAITS, {"of_id": id})
    by_host = frozenset(reported)
    rows = [
        {"provider_id": id, "name": name, "by_host": name in by_host}
        for name in sorted(by_host.union(added))
    ]
    if rows:
        await tx.run(_INSERT_TRAITS, rows)


async def list_aggregates(tx: Transaction) -> dict[str, frozenset[str]]:
    """The aggregates of every provider."""
    found: dict[str, set[str]] = {}
    for row in await tx.all(_AGGREGATES):
        found.setdefault(row.provider_id, set()).add(row.aggregate_id)
    return {id: frozenset(names) for id, names in found.items()}


async def replace_aggregates(tx: Transaction, id: str, wanted: Iterable[str]) -> None:
    """Let a provider be in exactly these aggregates."""
    await tx.run(delete(aggregates).where(aggregates.c.provider_id == id))
    for aggregate in sorted(set(wanted)):
        await tx.run(insert(aggregates).values(provider_id=id, aggregate_id=aggregate))
