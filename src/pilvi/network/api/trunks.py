"""Trunks: ports that carry several networks as VLANs. They are not served, and say so."""

from pilvi.core.http import Call, Reply
from pilvi.network.api.faults import refuse

_WHY = (
    "this cloud has none; attach one port for each network to the server, which sees a network "
    "card for each"
)


async def list_trunks(call: Call[None]) -> Reply:
    """Refused: there are no trunks."""
    return refuse(f"cannot list trunks: {_WHY}")


async def create_trunk(call: Call[None]) -> Reply:
    """Refused: there are no trunks."""
    return refuse(f"cannot make a trunk: {_WHY}")
