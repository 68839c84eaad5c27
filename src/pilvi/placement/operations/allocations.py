"""Claims: what consumers hold of providers. In the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pilvi.core.db import Transaction
from pilvi.errors import NoCapacity
from pilvi.placement.model.claim import Claim
from pilvi.placement.model.inventory import Usage
from pilvi.placement.store import allocations as store
from pilvi.placement.store import providers


async def claim(
    tx: Transaction,
    *,
    consumer_id: str,
    project_id: str,
    user_id: str,
    provider_id: str,
    resources: Mapping[str, int],
) -> None:
    """Let a consumer hold exactly this, all of it or nothing.

    Repeatable: the same claim again changes nothing; another claim of the same consumer takes the
    place of the one before. Raises `NoCapacity` that says what was asked and what is free, and
    `NotFound` for an unknown provider.
    """
    wanted = {str(name): amount for name, amount in resources.items() if amount}
    held = await store.find_claim(tx, consumer_id)
    wish = {provider_id: wanted} if wanted else {}
    if held is not None and held.held == wish:
        return
    provider = await providers.get_provider(tx, provider_id)
    usage = await _usage_without(tx, provider_id, held)
    shortfalls = usage.list_shortfalls(wanted)
    if shortfalls:
        raise NoCapacity(f"cannot claim on {provider.name}: {'; '.join(shortfalls)}")
    await providers.raise_generation(tx, provider)
    if held is not None:
        await _raise_generations(tx, set(held.held) - {provider_id})
    generation = 1 if held is None else held.generation + 1
    await store.save_claim(tx, Claim(consumer_id, project_id, user_id, wish, generation))


async def release(tx: Transaction, consumer_id: str) -> None:
    """Give back everything that a consumer holds. Repeatable."""
    held = await store.find_claim(tx, consumer_id)
    if held is None:
        return
    await _raise_generations(tx, held.held)
    await store.delete_claim(tx, consumer_id)


async def rename_consumer(tx: Transaction, consumer_id: str, new_id: str) -> None:
    """Let another consumer hold what one holds; the sums stay. Repeatable."""
    held = await store.find_claim(tx, consumer_id)
    if held is None:
        return
    await _raise_generations(tx, held.held)
    await store.delete_claim(tx, consumer_id)
    await store.save_claim(tx, replace(held, consumer_id=new_id, generation=1))


async def find_claim(tx: Transaction, consumer_id: str) -> Claim | None:
    """What a consumer holds, or None."""
    return await store.find_claim(tx, consumer_id)


async def list_claims_of_servers(tx: Transaction) -> list[Claim]:
    """What every consumer that follows a server holds, for an audit."""
    return [claim for claim in await store.list_claims(tx) if claim.is_servers]


async def _raise_generations(tx: Transaction, provider_ids: Iterable[str]) -> None:
    for id in sorted(provider_ids):
        await providers.raise_generation(tx, await providers.get_provider(tx, id))


async def _usage_without(tx: Transaction, provider_id: str, held: Claim | None) -> Usage:
    """What a provider has and what others than this claim's consumer use of it."""
    inventories = (await providers.list_inventories(tx, [provider_id])).get(provider_id, {})
    used = (await store.sum_by_provider(tx, provider_id)).get(provider_id, {})
    if held is not None and provider_id in held.held:
        own = held.held[provider_id]
        used = {name: amount - own.get(name, 0) for name, amount in used.items()}
    return Usage(inventories, used)
