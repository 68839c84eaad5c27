"""What a host that was asked for something is at, in words for the owner of the object."""

from dataclasses import dataclass

from pilvi.core.db import Transaction, now
from pilvi.core.story import HOST_SAYS
from pilvi.hosts.model.host import Held
from pilvi.hosts.store.hosts import get_host


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a host does not agree yet."""

    words: str
    """What is waited for, a phrase; no host is named in it."""
    is_trouble: bool
    """Whether it will not come by waiting alone: the host is down, or a step fails."""


async def explain(tx: Transaction, held: Held | None, lease_s: float) -> Reason | None:
    """Why the host of an assignment does not agree with it; None when it does, or has none."""
    if held is None or (held.present and held.is_settled):
        return None
    host = await get_host(tx, held.host_id)
    if not host.is_alive(now(), lease_s):
        seen = "" if host.seen_at is None else f" since {host.seen_at:%Y-%m-%dT%H:%M:%SZ}"
        return Reason(f"its host, which is not heard of{seen}", is_trouble=True)
    if held.seen_generation != held.generation:
        return Reason("its host to take up the wish", is_trouble=False)
    if held.fault is not None:
        return Reason(f"{HOST_SAYS}{held.fault.message}", is_trouble=True)
    words = f"its host, which waits for {held.waiting}" if held.waiting else "its host to agree"
    return Reason(words, is_trouble=False)
