"""Claims that an admin writes. In the caller's transaction.

What a server holds follows the server: such a consumer is never changed here.
"""

from collections.abc import Iterable, Mapping, Sequence

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NoCapacity, NotFound
from pilvi.placement.model.claim import Claim, ClaimWish, Generation
from pilvi.placement.model.inventory import Usage
from pilvi.placement.model.provider import Provider
from pilvi.placement.model.resources import Amounts
from pilvi.placement.operations.usages import list_known_classes
from pilvi.placement.store import allocations as store
from pilvi.placement.store import providers

Held = dict[str, dict[str, int]]
"""By provider and resource class: how much."""


async def write_claims(tx: Transaction, wishes: Sequence[ClaimWish]) -> None:
    """Let each consumer hold exactly what is wished, all of it or nothing.

    Raises `InvalidRequest` for an unknown provider or class, `NoCapacity` for what does not fit,
    and `Conflict` for a consumer that follows a server or has another generation than the wish.
    """
    before = [await _find_writable(tx, wish) for wish in wishes]
    known: dict[str, Provider] = {
        provider.id: provider for provider in await providers.list_providers(tx)
    }
    await _check_words(tx, wishes, known)
    after = _sum(wish.held for wish in wishes)
    freed = _sum(claim.held for claim in before if claim is not None)
    await _check_room(tx, after, freed, known)
    for id in sorted(set(after) | set(freed)):
        await providers.raise_generation(tx, known[id])
    for wish, claim in zip(wishes, before, strict=True):
        await _save(tx, wish, claim)


async def delete_claim(tx: Transaction, consumer_id: str) -> None:
    """Let a consumer hold nothing. Raises `NotFound` for one that holds nothing, `Conflict`."""
    claim = await store.find_claim(tx, consumer_id)
    if claim is None or not claim.held:
        raise NotFound(f"cannot find allocations of the consumer '{consumer_id}'")
    _reject_server(claim)
    for id in sorted(claim.held):
        await providers.raise_generation(tx, await providers.get_provider(tx, id))
    await store.delete_claim(tx, consumer_id)


async def _find_writable(tx: Transaction, wish: ClaimWish) -> Claim | None:
    claim = await store.find_claim(tx, wish.consumer_id)
    if claim is not None:
        _reject_server(claim)
    found = None if claim is None else claim.generation
    if wish.generation is not Generation.UNCHECKED and wish.generation != found:
        raise Conflict(
            f"cannot change what the consumer '{wish.consumer_id}' holds: its generation is "
            f"{found}, not {wish.generation}",
            detail="placement.concurrent_update",
        )
    return claim


def _reject_server(claim: Claim) -> None:
    if claim.is_servers:
        raise Conflict(
            f"cannot change what '{claim.consumer_id}' holds: it is a server, whose allocations "
            "follow it; resize, migrate or delete the server instead"
        )


async def _check_words(
    tx: Transaction, wishes: Sequence[ClaimWish], known: Mapping[str, Provider]
) -> None:
    classes = set(await list_known_classes(tx))
    for wish in wishes:
        for id, amounts in wish.held.items():
            if id not in known:
                raise InvalidRequest(f"cannot find the resource provider '{id}'")
            if unknown := sorted(set(amounts) - classes):
                raise InvalidRequest(f"cannot find the resource class '{unknown[0]}'")


async def _check_room(
    tx: Transaction, after: Held, freed: Held, known: Mapping[str, Provider]
) -> None:
    used = await store.sum_by_provider(tx)
    inventories = await providers.list_inventories(tx, list(after))
    for id, amounts in after.items():
        own = freed.get(id, {})
        others = {name: n - own.get(name, 0) for name, n in used.get(id, {}).items()}
        usage = Usage(inventories.get(id, {}), others)
        if shortfalls := usage.list_shortfalls(amounts):
            raise NoCapacity(f"cannot claim on {known[id].name}: {'; '.join(shortfalls)}")


def _sum(parts: Iterable[Mapping[str, Amounts]]) -> Held:
    sums: Held = {}
    for held in parts:
        for id, amounts in held.items():
            into = sums.setdefault(id, {})
            for name, amount in amounts.items():
                into[name] = into.get(name, 0) + amount
    return sums


async def _save(tx: Transaction, wish: ClaimWish, before: Claim | None) -> None:
    if not wish.held:
        await store.delete_claim(tx, wish.consumer_id)
        return
    claim = Claim(
        wish.consumer_id,
        wish.project_id,
        wish.user_id,
        wish.held,
        1 if before is None else before.generation + 1,
        wish.consumer_type,
        is_servers=False,
    )
    await store.save_claim(tx, claim)
