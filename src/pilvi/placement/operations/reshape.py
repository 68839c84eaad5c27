"""Inventories and claims changed together. In the caller's transaction."""

from collections.abc import Mapping, Sequence

from pilvi.core.db import Transaction
from pilvi.errors import InvalidRequest
from pilvi.placement.model.claim import ClaimWish
from pilvi.placement.model.inventory import Inventory
from pilvi.placement.operations.consumers import write_claims
from pilvi.placement.operations.provider_changes import (
    check_generation,
    list_inventories,
    write_inventories,
)
from pilvi.placement.store import providers

Wanted = Mapping[str, tuple[int, Mapping[str, Inventory]]]
"""Of each provider: the generation that the caller knows, and all its inventories."""


async def reshape(tx: Transaction, wanted: Wanted, wishes: Sequence[ClaimWish]) -> None:
    """Give providers these inventories and let consumers hold this, all or nothing.

    What moves is for a moment at both places: the old inventories go when nobody holds them any
    more. Raises what its parts raise.
    """
    before: dict[str, Mapping[str, Inventory]] = {}
    for id, (generation, inventories) in wanted.items():
        provider = await providers.find_provider(tx, id)
        if provider is None:
            raise InvalidRequest(f"cannot find the resource provider '{id}'")
        check_generation(provider, generation)
        before[id] = await list_inventories(tx, provider)
        both = {**before[id], **inventories}
        await providers.replace_inventories(tx, id, both.values())
    await write_claims(tx, wishes)
    for id, (_, inventories) in wanted.items():
        provider = await providers.get_provider(tx, id)
        # The last step compares with what was there before.
        await providers.replace_inventories(tx, id, {**inventories, **before[id]}.values())
        await write_inventories(tx, provider, inventories)
