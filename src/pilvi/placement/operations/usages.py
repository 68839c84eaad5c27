"""How much there is and how much of it is used. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.placement.model.candidates import ProviderView
from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.traits import STANDARD_TRAITS
from pilvi.placement.store import allocations, providers


async def list_usages(tx: Transaction) -> dict[str, Usage]:
    """What every provider has and what of it is used, by provider id."""
    inventories = await providers.list_inventories(tx)
    used = await allocations.sum_by_provider(tx)
    return {
        provider.id: Usage(inventories.get(provider.id, {}), used.get(provider.id, {}))
        for provider in await providers.list_providers(tx)
    }


async def list_views(tx: Transaction, **equal: str) -> list[ProviderView]:
    """Everything about the providers whose columns have the given values, by name."""
    traits = await providers.list_traits(tx)
    usages = await list_usages(tx)
    return [
        ProviderView(provider, usages[provider.id], traits.get(provider.id, frozenset()))
        for provider in await providers.list_providers(tx, **equal)
    ]


async def get_view(tx: Transaction, id: str) -> ProviderView:
    """Everything about one provider. Raises `NotFound`."""
    provider = await providers.get_provider(tx, id)
    return (await list_views(tx, id=provider.id))[0]


async def list_known_traits(tx: Transaction) -> list[str]:
    """Every trait that may be asked for, in order: the standard ones and those of providers."""
    found = await providers.list_traits(tx)
    return sorted(frozenset(STANDARD_TRAITS).union(*found.values()))
