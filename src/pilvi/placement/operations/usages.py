"""How much there is and how much of it is used. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.placement.model.candidates import ProviderView
from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.resources import STANDARD_CLASSES
from pilvi.placement.model.traits import STANDARD_TRAITS
from pilvi.placement.model.tree import roots_of
from pilvi.placement.store import allocations, providers, words


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
    aggregates = await providers.list_aggregates(tx)
    usages = await list_usages(tx)
    everything = await providers.list_providers(tx)
    roots = roots_of(everything)
    return [
        ProviderView(
            provider,
            usages[provider.id],
            traits.get(provider.id, frozenset()),
            aggregates.get(provider.id, frozenset()),
            roots[provider.id],
        )
        for provider in everything
        if all(getattr(provider, name) == value for name, value in equal.items())
    ]


async def get_view(tx: Transaction, id: str) -> ProviderView:
    """Everything about one provider. Raises `NotFound`."""
    provider = await providers.get_provider(tx, id)
    return (await list_views(tx, id=provider.id))[0]


async def list_known_traits(tx: Transaction) -> list[str]:
    """Every trait that may be asked for, in order: standard ones, custom ones and of providers."""
    found = await providers.list_traits(tx)
    custom = await words.list_words(tx, "trait")
    return sorted(frozenset(STANDARD_TRAITS).union(custom, *found.values()))


async def list_known_classes(tx: Transaction) -> list[str]:
    """Every resource class: the standard ones, then the custom ones."""
    return [*map(str, STANDARD_CLASSES), *await words.list_words(tx, "resource class")]
