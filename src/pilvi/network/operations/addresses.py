"""Which addresses a port gets. In the caller's transaction."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NoCapacity
from pilvi.network.model.address import (
    first_free,
    is_host,
    parse_address,
    to_address,
    to_number,
    windows,
)
from pilvi.network.model.network import Subnet
from pilvi.network.model.port import FIXED_IPS_MAX, AskedIp, FixedIp
from pilvi.network.store import subnets as store


async def choose_fixed_ips(
    tx: Transaction, subnets: Sequence[Subnet], asked: Sequence[AskedIp] | None
) -> list[FixedIp]:
    """Free addresses in a network's subnets: as asked, or (None) one of the first with room.

    Raises `InvalidRequest` for an address outside, `Conflict` for one that is given, `NoCapacity`
    when none is left.
    """
    if asked is None:
        return [await _choose_any(tx, subnets, set())] if subnets else []
    if len(asked) > FIXED_IPS_MAX:
        raise InvalidRequest(f"cannot give a port more than {FIXED_IPS_MAX} fixed IPs")
    chosen: list[FixedIp] = []
    for wish in asked:
        taken = {to_number(fixed.address) for fixed in chosen}
        chosen.append(await _choose(tx, subnets, wish, taken))
    return chosen


async def _choose(
    tx: Transaction, subnets: Sequence[Subnet], wish: AskedIp, taken: set[int]
) -> FixedIp:
    among = [s for s in subnets if wish.subnet_id in (None, s.id)]
    if not among:
        raise InvalidRequest(
            f"cannot use the subnet '{wish.subnet_id}': it is not on the port's network"
        )
    if wish.address is None:
        return await _choose_any(tx, among, taken)
    address = parse_address(wish.address, "ip_address")
    home = next((s for s in among if is_host(s.network, address)), None)
    if home is None:
        ranges = ", ".join(subnet.cidr for subnet in among)
        raise InvalidRequest(f"cannot use the address {address}: it is not a host's in {ranges}")
    number = to_number(address)
    if number in taken or await store.list_used_numbers(tx, home.id, (number, number)):
        raise Conflict(f"cannot use the address {address}: a port on the subnet {home.id} has it")
    return FixedIp(home.id, address)


async def _choose_any(tx: Transaction, subnets: Sequence[Subnet], taken: set[int]) -> FixedIp:
    for subnet in subnets:
        number = await find_free_number(tx, subnet, taken)
        if number is not None:
            return FixedIp(subnet.id, to_address(number))
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
    for window in windows(subnet.pools, subnet.next_number):
        used = await store.list_used_numbers(tx, subnet.id, window)
        number = first_free(window, used | set(taken))
        if number is not None:
            await store.update_subnet(tx, subnet.id, next_number=number + 1)
            return number
    return None
