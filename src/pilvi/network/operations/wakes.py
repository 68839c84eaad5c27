"""Counts a change of the wish and wakes who makes it so. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.network.store import networks, ports, routers, security_groups

NETWORK, PORT, ROUTER, SECURITY_GROUP = "network", "port", "router", "security_group"
ADDRESS_SET = "address_set"
"""The members of a security group or of an address group, by its id."""
SERVER = "server"
"""Kind of compute's wake-up when something of a server's ports changed."""


async def touch_networks(tx: Transaction, *ids: str) -> None:
    """What hosts should know of these networks changed."""
    if ids:
        await networks.raise_generation(tx, set(ids))
    for id in ids:
        tx.wake(NETWORK, id)


async def touch_ports(tx: Transaction, *ids: str) -> None:
    """What hosts should know of these ports changed."""
    if ids:
        await ports.raise_generation(tx, set(ids))
    for id in ids:
        tx.wake(PORT, id)


async def touch_routers(tx: Transaction, *ids: str) -> None:
    """What hosts should know of these routers changed."""
    if ids:
        await routers.raise_generation(tx, set(ids))
    for id in ids:
        tx.wake(ROUTER, id)


async def touch_groups(tx: Transaction, *ids: str) -> None:
    """The rules of these security groups changed."""
    if ids:
        await security_groups.raise_generation(tx, set(ids))
    for id in ids:
        tx.wake(SECURITY_GROUP, id)


async def touch_members(tx: Transaction, *ids: str) -> None:
    """The ports in these security groups, or their addresses, changed."""
    if ids:
        await security_groups.note_members_changed(tx, set(ids), changed=True)
    for id in ids:
        tx.wake(ADDRESS_SET, id)
