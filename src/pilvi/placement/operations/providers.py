"""Providers follow hosts. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.hosts.model.host import Host
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.model.provider import ProviderId, inventories_of, traits_of
from pilvi.placement.store import providers as store
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
    await store.replace_inventories(tx, id, inventories_of(host.facts, settings))
    await store.replace_traits(tx, id, traits_of(host.facts))


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
    traits = (await store.list_traits(tx, [host.id])).get(host.id, frozenset())
    return found == wanted and traits == frozenset(traits_of(host.facts))
