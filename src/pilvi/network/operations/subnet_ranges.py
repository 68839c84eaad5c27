"""The range of a new subnet: as asked for, or cut from a pool. In the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.db import Transaction
from pilvi.core.http import Caller
from pilvi.errors import InvalidRequest, QuotaExceeded, Unsupported
from pilvi.network.model.address import Network, overlap, parse_network, parse_subnet
from pilvi.network.model.network import Subnet
from pilvi.network.model.subnetpool import SubnetPool, find_room, lies_in, quota_of
from pilvi.network.store import subnetpools as store

PREFIX_DELEGATION = "prefix_delegation"


async def choose_range(
    tx: Transaction,
    caller: Caller,
    project_id: str,
    there: Sequence[Subnet],
    values: Mapping[str, Any],
) -> tuple[Network, str | None]:
    """The range of a new subnet and the pool that it is cut from.

    `there` are the subnets of the same network. Raises what is wrong with the values.
    """
    version = values["ip_version"]
    pool = await _find_pool(tx, caller, version, values)
    if pool is None:
        if values.get("prefixlen") is not None:
            raise InvalidRequest("cannot use prefixlen without a subnet pool")
        if values.get("cidr") is None:
            raise InvalidRequest("cannot make a subnet without a cidr or a subnet pool")
        return parse_subnet(values["cidr"], version), None
    if pool.ip_version != version:
        raise InvalidRequest(f"cannot cut an IPv{version} subnet from subnet pool {pool.id}")
    if any(s.subnetpool_id != pool.id for s in there if s.ip_version == version):
        raise InvalidRequest(
            f"cannot use subnet pool {pool.id}: the IPv{version} subnets of one network come from "
            "one pool"
        )
    return await _cut(tx, pool, project_id, values), pool.id


async def _find_pool(
    tx: Transaction, caller: Caller, version: int, values: Mapping[str, Any]
) -> SubnetPool | None:
    id = values.get("subnetpool_id")
    if values.get("use_default_subnetpool"):
        if id is not None:
            raise InvalidRequest("cannot use subnetpool_id and use_default_subnetpool together")
        default = await store.find_default_pool(tx, version, caller.visible_project_id)
        if default is None:
            raise InvalidRequest(f"cannot find a default subnet pool for IPv{version}")
        return default
    if id == PREFIX_DELEGATION:
        raise Unsupported("cannot delegate prefixes: this cloud has no DHCPv6 client")
    return None if id is None else await store.get_subnetpool(tx, id, caller.visible_project_id)


async def _cut(
    tx: Transaction, pool: SubnetPool, project_id: str, values: Mapping[str, Any]
) -> Network:
    given = await store.list_ranges(tx, pool.id)
    used = [parse_network(cidr, "a range") for _, cidr in given]
    prefixes = [parse_network(text, "a prefix") for text in pool.prefixes]
    if values.get("cidr") is not None:
        wanted = parse_subnet(values["cidr"], pool.ip_version)
        _check_length(pool, wanted.prefixlen)
        if not lies_in(wanted, prefixes) or any(overlap(wanted, one) for one in used):
            raise InvalidRequest(f"cannot cut {wanted} from subnet pool {pool.id}: it is not free")
        chosen = wanted
    else:
        length = values.get("prefixlen") or pool.default_prefixlen
        _check_length(pool, length)
        found = find_room(prefixes, used, length)
        if found is None:
            raise InvalidRequest(f"cannot cut a /{length} from subnet pool {pool.id}: it is full")
        chosen = parse_subnet(str(found))
    if pool.default_quota is not None:
        mine = [one for (owner, _), one in zip(given, used, strict=True) if owner == project_id]
        if sum(quota_of(one) for one in [*mine, chosen]) > pool.default_quota:
            raise QuotaExceeded(
                f"cannot cut {chosen} from subnet pool {pool.id}: the project would have more than "
                f"the pool's quota of {pool.default_quota}"
            )
    return chosen


def _check_length(pool: SubnetPool, length: int) -> None:
    if not pool.min_prefixlen <= length <= pool.max_prefixlen:
        raise InvalidRequest(
            f"cannot cut a /{length} from subnet pool {pool.id}: it gives /{pool.min_prefixlen} to "
            f"/{pool.max_prefixlen}"
        )
