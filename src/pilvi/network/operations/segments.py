"""The one segment of each network. In the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.db import Transaction, now
from pilvi.network.store import networks


async def update_segment(tx: Transaction, id: str, values: Mapping[str, Any]) -> None:
    """Name or describe a segment, which has its network's id. Raises `NotFound`."""
    network = await networks.get_network(tx, id, None)
    changed = {f"segment_{name}": values[name] or "" for name in values}
    if changed:
        await networks.update_network(tx, network.id, **changed, updated_at=now())
