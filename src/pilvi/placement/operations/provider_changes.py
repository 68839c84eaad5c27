"""What an admin changes of providers. In the caller's transaction.

A provider that stands for a host keeps its name, its place at the root, and what the host reports.
"""

from collections.abc import Iterable, Mapping

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import Provider, ProviderId
from pilvi.placement.model.resources import HOST_CLASSES
from pilvi.placement.model.tree import list_ancestors
from pilvi.placement.operations.usages import list_known_classes, list_known_traits
from pilvi.placement.store import allocations
from pilvi.placement.store import providers as store


async def create_provider(
    tx: Transaction, id: str, name: str, parent_id: str | None = None
) -> Provider:
    """A provider of the admin's own. Raises `Conflict` for a known name or id, `InvalidRequest`."""
    if await store.find_provider(tx, id) is not None:
        raise Conflict(
            f"cannot use the id '{id}' for another resource provider",
            detail="placement.duplicate_name",
        )
    await _check_name(tx, name)
    if parent_id is not None:
        await _check_parent(tx, parent_id)
    await store.insert_provider(tx, ProviderId(id), name, parent_id, follows_host=False)
    return await store.get_provider(tx, id)


async def update_provider(
    tx: Transaction, id: str, name: str, parent_id: str | None, *, may_move: bool
) -> Provider:
    """Give a provider a name and a parent. Raises `NotFound`, `Conflict`, `InvalidRequest`.

    `may_move`: whether a provider that has a parent may get another or none.
    """
    provider = await store.get_provider(tx, id)
    if (name, parent_id) == (provider.name, provider.parent_id):
        return provider
    if provider.follows_host:
        raise Conflict(
            f"cannot change the name or the parent of '{provider.name}': it follows its host"
        )
    if name != provider.name:
        await _check_name(tx, name)
    if parent_id != provider.parent_id:
        if provider.parent_id is not None and not may_move:
            raise InvalidRequest("cannot change a parent at this version: it came with 1.37")
        if parent_id is not None:
            await _check_parent(tx, parent_id, child_id=id)
    await store.raise_generation(tx, provider, name=name, parent_id=parent_id)
    return await store.get_provider(tx, id)


async def delete_provider(tx: Transaction, id: str) -> None:
    """Forget a provider. Raises `NotFound`, and `Conflict` while it is held or has children."""
    provider = await store.get_provider(tx, id)
    if provider.follows_host:
        raise Conflict(f"cannot delete '{provider.name}': it follows its host")
    if await store.list_providers(tx, parent_id=id):
        raise Conflict(
            f"cannot delete '{provider.name}': it has child providers",
            detail="placement.resource_provider.cannot_delete_parent",
        )
    if await allocations.sum_by_provider(tx, id):
        raise Conflict(
            f"cannot delete '{provider.name}': consumers hold some of it",
            detail="placement.resource_provider.inuse",
        )
    await store.delete_provider(tx, id)


async def _check_name(tx: Transaction, name: str) -> None:
    if await store.list_providers(tx, name=name):
        raise Conflict(
            f"cannot use the name '{name}': another resource provider has it",
            detail="placement.duplicate_name",
        )


async def _check_parent(tx: Transaction, parent_id: str, child_id: str | None = None) -> None:
    parents: dict[str, str | None] = {
        each.id: each.parent_id for each in await store.list_providers(tx)
    }
    if parent_id not in parents:
        raise InvalidRequest(f"cannot find the parent provider '{parent_id}'")
    if child_id is not None and child_id in list_ancestors(parents, parent_id):
        raise InvalidRequest(f"cannot put '{child_id}' below itself")


def check_generation(provider: Provider, generation: int) -> None:
    """Raises `Conflict` when a provider is not at the generation that the caller knows."""
    if provider.generation != generation:
        raise Conflict(
            f"cannot change the resource provider '{provider.id}': its generation is "
            f"{provider.generation}, not {generation}",
            detail="placement.concurrent_update",
        )


async def list_inventories(tx: Transaction, provider: Provider) -> dict[str, Inventory]:
    """What a provider has, by resource class."""
    return (await store.list_inventories(tx, [provider.id])).get(provider.id, {})


async def write_inventories(
    tx: Transaction, provider: Provider, wanted: Mapping[str, Inventory]
) -> Provider:
    """Give a provider exactly these inventories.

    Raises `InvalidRequest` for an unknown class, and `Conflict` for a class that is held and would
    go, and for what a host's provider has by its host's report.
    """
    if unknown := sorted(set(wanted) - set(await list_known_classes(tx))):
        raise InvalidRequest(f"cannot find the resource class '{unknown[0]}'")
    found = await list_inventories(tx, provider)
    if provider.follows_host:
        changed = sorted(n for n in HOST_CLASSES if found.get(n) != wanted.get(n))
        if changed:
            raise Conflict(
                f"cannot change {', '.join(changed)} of '{provider.name}': they follow what its "
                "host reports and the settings of this cloud"
            )
    used = (await allocations.sum_by_provider(tx, provider.id)).get(provider.id, {})
    if held := sorted((set(found) - set(wanted)) & set(used)):
        raise Conflict(
            f"cannot remove the inventory of {', '.join(held)} from '{provider.name}': it is held",
            detail="placement.inventory.inuse",
        )
    await store.raise_generation(tx, provider)
    await store.replace_inventories(tx, provider.id, wanted.values())
    return await store.get_provider(tx, provider.id)


async def write_traits(tx: Transaction, provider: Provider, wanted: Iterable[str]) -> Provider:
    """Give a provider these traits; those that its host reports stay. Raises `InvalidRequest`."""
    names = frozenset(wanted)
    if unknown := sorted(names - set(await list_known_traits(tx))):
        raise InvalidRequest(f"cannot find the trait {', '.join(unknown)}")
    reported = await store.list_reported_traits(tx, provider.id)
    found = (await store.list_traits(tx, [provider.id])).get(provider.id, frozenset())
    if found == names | reported:
        return provider
    await store.raise_generation(tx, provider)
    await store.replace_traits(tx, provider.id, reported, names - reported)
    return await store.get_provider(tx, provider.id)


async def write_aggregates(
    tx: Transaction, provider: Provider, wanted: Iterable[str], *, counts: bool
) -> Provider:
    """Let a provider be in exactly these aggregates. `counts`: whether its generation goes up."""
    if counts:
        await store.raise_generation(tx, provider)
    await store.replace_aggregates(tx, provider.id, wanted)
    return await store.get_provider(tx, provider.id)


async def get_inventory(tx: Transaction, provider: Provider, name: str) -> Inventory:
    """What a provider has of one class. Raises `NotFound`."""
    found = (await list_inventories(tx, provider)).get(name)
    if found is None:
        raise NotFound(f"cannot find an inventory of {name} here")
    return found
