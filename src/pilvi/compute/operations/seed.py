"""What a new cloud has of compute."""

from pilvi.compute.model.flavor import SEEDS
from pilvi.compute.store import flavors
from pilvi.core.db import Transaction


async def seed_compute(tx: Transaction) -> None:
    """The flavors that OpenStack ships, and small ones for the test image. Repeatable."""
    for flavor in SEEDS:
        if await flavors.find_taken(tx, flavor.id, flavor.name) is None:
            await flavors.insert_flavor(tx, flavor)
