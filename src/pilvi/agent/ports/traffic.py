"""What counts the bytes of guests' ports; kept by `linux/traffic.py` and `fake_traffic.py`."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Traffic(NamedTuple):
    """Bytes of one port since its tap was made, as its guest sees them."""

    received: int
    sent: int


class TrafficCounter(Protocol):
    """Looks with its own eyes, and changes nothing."""

    async def read(self) -> Mapping[str, Traffic]:
        """What went through each tap that is there, by its name. One look for all of them."""
        ...
