"""Providers follow hosts. In the caller's transaction.

What an admin adds to a host's provider (other resource classes, traits, aggregates) stays.
"""

from pilvi.core.db import Transaction
from pilvi.errors import Conflict
from pilvi.hosts.model.host import Host
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import ProviderId, inventories_of, traits_of
from pilvi.placement.model.resources import HOST_CLASSES
from pilvi.placement.store import providers as store
from pilvi.placement.store.allocations import sum_by_provider
from pilvi.settings import Settings


async def sync_provider(tx: Transaction, host: Host, settings: Settings) -> None:
    """Let a host's provider have what its facts say. Repeatable: the same facts change nothing.

    A host that has not reported yet has no provider. What is claimed stays claimed also when the
    host has shrunk: nothing new fits until enough is given back.
    """
    if host.facts is None:
        return
    id = ProviderId(host.id)
    if await store.find_provider(tx, id) is None:
        await store.insert_provider(tx, id, host.name)
    if await is_synced(tx, host, settings):
        return
    provider = await store.get_provider(tx, id)
    await store.raise_generation(tx, provider, name=host.name)
    found = (await store.list_inventories(tx, [id])).get(id, {})
    added = [one for name, one in found.items() if name not in HOST_CLASSES]
    await store.replace_inventories(tx, id, [*inventories_of(host.facts, settings), *added])
    traits = (await store.list_traits(tx, [id])).get(id, frozenset())
    kept = traits - await store.list_reported_traits(tx, id)
    await store.replace_traits(tx, id, traits_of(host.facts), kept)


async def remove_provider(tx: Transaction, host: Host) -> None:
    """Forget the provider of a host that is forgotten. Repeatable.

    Raises `Conflict` while consumers hold some of it, or it has child providers.
    """
    if await sum_by_provider(tx, host.id) or await store.list_providers(tx, parent_id=host.id):
        raise Conflict(
            f"cannot forget the provider {host.name}: consumers hold some of it, or it has children"
        )
    await store.delete_provider(tx, host.id)


async def is_synced(tx: Transaction, host: Host, settings: Settings) -> bool:
    """Whether a host's provider has what its facts say."""
    if host.facts is None:
        return True
    provider = await store.find_provider(tx, host.id)
    if provider is None or provider.name != host.name:
        return False
    wanted: dict[str, Inventory] = {
        one.resource_class: one for one in inventories_of(host.facts, settings)
    }
    found = (await store.list_inventories(tx, [host.id])).get(host.id, {})
    own = {name: one for name, one in found.items() if name in HOST_CLASSES}
    reported = await store.list_reported_traits(tx, host.id)
    return own == wanted and reported == frozenset(traits_of(host.facts))
