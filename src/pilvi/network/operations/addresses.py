"""Which addresses a port gets. In the caller's transaction."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NoCapacity
from pilvi.network.model.address import (
    first_free,
    is_host,
    parse_address,
    slaac_address,
    to_address,
    to_number,
    windows,
)
from pilvi.network.model.network import Subnet
from pilvi.network.model.port import FIXED_IPS_MAX, AskedIp, FixedIp
from pilvi.network.store import subnets as store

# Above it the search for a free address begins at the first one again, because the hint would not
# fit the column; only huge IPv6 ranges come so far.
HINT_MAX = 2**62


@dataclass(frozen=True, slots=True)
class AddressWish:
    """What addresses a port should have, and the MAC that some are made of.

    `is_router`: the port is the router's own, which has no addresses made from its MAC unless it
    asks for them.
    """

    mac: str
    asked: Sequence[AskedIp] | None = None
    """None: one address of each version that the network has."""
    is_router: bool = False
    had: frozenset[str] = field(default_factory=frozenset)
    """Subnets in which the port has an address that stays."""


async def choose_fixed_ips(
    tx: Transaction, subnets: Sequence[Subnet], wish: AddressWish
) -> list[FixedIp]:
    """Free addresses in a network's subnets, as wished.

    Subnets in which guests make their own addresses give one to every port of a guest. Raises
    `InvalidRequest` for an address outside, `Conflict` for one that is given, `NoCapacity` when
    none is left.
    """
    if wish.asked is not None and len(wish.asked) > FIXED_IPS_MAX:
        raise InvalidRequest(f"cannot give a port more than {FIXED_IPS_MAX} fixed IPs")
    chosen: list[FixedIp] = []
    if wish.asked is None:
        chosen = await _choose_of_each_version(tx, subnets)
    for asked in wish.asked or ():
        taken = {to_number(fixed.address) for fixed in chosen}
        chosen.append(await _choose(tx, subnets, asked, wish, taken))
    if wish.is_router:
        return chosen
    used = {fixed.subnet_id for fixed in chosen} | wish.had
    for subnet in subnets:
        if subnet.is_automatic and subnet.id not in used:
            chosen.append(await _choose_automatic(tx, subnet, wish.mac))
    return chosen


async def _choose_of_each_version(tx: Transaction, subnets: Sequence[Subnet]) -> list[FixedIp]:
    chosen = []
    for version in (4, 6):
        among = [s for s in subnets if s.ip_version == version and not s.is_automatic]
        if among:
            chosen.append(await _choose_any(tx, among, set()))
    return chosen


async def _choose_automatic(tx: Transaction, subnet: Subnet, mac: str) -> FixedIp:
    address = slaac_address(subnet.network, mac)
    number = to_number(address)
    if await store.list_used_numbers(tx, subnet.id, (number, number)):
        raise Conflict(f"cannot use the MAC {mac}: a port on subnet {subnet.id} has {address}")
    return FixedIp(subnet.id, address)


async def _choose(
    tx: Transaction,
    subnets: Sequence[Subnet],
    asked: AskedIp,
    wish: AddressWish,
    taken: set[int],
) -> FixedIp:
    among = [s for s in subnets if asked.subnet_id in (None, s.id)]
    if not among:
        raise InvalidRequest(
            f"cannot use the subnet '{asked.subnet_id}': it is not on the port's network"
        )
    if asked.address is None:
        if among[0].is_automatic and asked.subnet_id is not None:
            return await _choose_automatic(tx, among[0], wish.mac)
        return await _choose_any(tx, among, taken)
    address = parse_address(asked.address, "ip_address")
    home = next((s for s in among if is_host(s.network, address)), None)
    if home is None:
        ranges = ", ".join(subnet.cidr for subnet in among)
        raise InvalidRequest(f"cannot use the address {address}: it is not a host's in {ranges}")
    if (
        home.is_automatic
        and not wish.is_router
        and address != slaac_address(home.network, wish.mac)
    ):
        raise InvalidRequest(
            f"cannot use the address {address}: ports on subnet {home.id} have the address that is "
            "made from their MAC"
        )
    number = to_number(address)
    if number in taken or await store.list_used_numbers(tx, home.id, (number, number)):
        raise Conflict(
            f"cannot use the address {address}: a port on the subnet {home.id} has it "
            "(IpAddressAlreadyAllocated)"
        )
    return FixedIp(home.id, address)


async def _choose_any(tx: Transaction, subnets: Sequence[Subnet], taken: set[int]) -> FixedIp:
    for subnet in subnets:
        number = await find_free_number(tx, subnet, taken)
        if number is not None:
            return FixedIp(subnet.id, to_address(number, subnet.ip_version))
    ids = ", ".join(subnet.id for subnet in subnets)
    raise NoCapacity(
        f"cannot give an address: none is free in the allocation pools of the subnets {ids}; add a "
        "subnet or delete ports"
    )


async def find_free_number(
    tx: Transaction, subnet: Subnet, taken: AbstractSet[int] = frozenset()
) -> int | None:
    """A free address of a subnet's pools, or None.

    The search goes on where the last one ended, so that an address which was just given back is
    not at once somebody else's: neighbours may still remember its old owner.
    """
    base = int(subnet.network.network_address)
    for window in windows(subnet.pools, base + subnet.next_number):
        used = await store.list_used_numbers(tx, subnet.id, window)
        number = first_free(window, used | set(taken))
        if number is not None:
            hint = number + 1 - base
            await store.update_subnet(tx, subnet.id, next_number=hint if hint < HINT_MAX else 0)
            return number
    return None
